import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { UserError } from '../../../../lib/core/errors.ts';
import type { StateBackend } from '../../../../lib/graph/stream-graph.ts';
import { PRODUCTION_RULES } from '../../../../lib/protocol/rules.ts';
import {
  TaskProgramFactory,
  type TaskProgramOptions,
} from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { KeptRows, PushedWords, type Word } from './pushed-words.ts';

function optionsOf(chosen: StateBackend | undefined, ofRun?: StateBackend): TaskProgramOptions {
  const job = defineJob('words', (env) => {
    if (chosen !== undefined) env.setStateBackend(chosen);
    env
      .fromSource(new PushedWords(), WatermarkStrategy.noWatermarks<Word>(), 'words')
      .map(({ word }) => word)
      .sinkTo(new KeptRows());
  });
  return {
    newGraph: () => job.createGraph(ofRun === undefined ? {} : { stateBackend: ofRun }),
    clock: { now: () => 0, sleep: async () => {} },
    random: { next: () => 0 },
    deadLetters: { keep: async () => {} },
    rules: PRODUCTION_RULES,
    shardsOf: () => [],
  };
}

describe('the programs of a job whose subtasks are invoked', () => {
  it.each([
    ['table', undefined],
    [undefined, 'table'],
  ] as const)('refuse the state backend that the job sets to %s and the run to %s', (chosen, ofRun) => {
    const create = () => new TaskProgramFactory(optionsOf(chosen, ofRun));
    expect(create).toThrow(UserError);
    expect(create).toThrow(
      /^Job 'words' keeps its keyed state in a table.*there is no table for it. Use the backend 'heap'/,
    );
    expect(create).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
  });

  it('take the state backend table where there is a table', () => {
    const factory = new TaskProgramFactory({ ...optionsOf('table'), hasTable: true });
    expect(factory.inputKindOf('words')).toBe('shards');
  });

  it.each([undefined, 'heap'] as const)('take the state backend %s', (chosen) => {
    expect(new TaskProgramFactory(optionsOf(chosen)).inputKindOf('words')).toBe('shards');
  });
});
