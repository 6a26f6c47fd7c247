import { describe, expect, it } from 'vitest';
import { formatPlan } from '../../../lib/graph/format-plan.ts';
import { structureDifference, structureOf } from '../../../lib/graph/structure.ts';
import { defineJob, StreamExecutionEnvironment } from '../../../lib/index.ts';

function build(env: StreamExecutionEnvironment): void {
  env.fromData(['a']).print().uid('out');
}

const title = (stateBackend: 'heap' | 'table', level: 'stream' | 'job' | 'execution') =>
  formatPlan(defineJob('j', build).createGraph({ stateBackend }), { level, format: 'text' }).split('\n')[0];

describe('the state backend of a job', () => {
  it('is the heap unless the job says otherwise', () => {
    expect(defineJob('j', build).createGraph().stateBackend).toBe('heap');
    const env = StreamExecutionEnvironment.create();
    build(env);
    expect(env.setStateBackend('table').getStreamGraph('j').stateBackend).toBe('table');
  });

  it('is taken from the job, then from its options, then from outside', () => {
    const outside = { stateBackend: 'table' } as const;
    expect(defineJob('j', build).createGraph(outside).stateBackend).toBe('table');
    const withOptions = defineJob('j', build, { stateBackend: 'heap' });
    expect(withOptions.createGraph(outside).stateBackend).toBe('heap');
    const inCode = defineJob('j', (env) => build(env.setStateBackend('heap')), outside);
    expect(inCode.createGraph(outside).stateBackend).toBe('heap');
  });

  it('is part of the plan, and a difference between two builds', () => {
    for (const level of ['stream', 'job', 'execution'] as const) {
      expect(title('table', level)).toBe(`${title('heap', level)}, state in a table`);
    }
    const [heap, table] = (['heap', 'table'] as const).map((stateBackend) =>
      structureOf(defineJob('j', build).createGraph({ stateBackend })),
    );
    expect(structureDifference(heap!, table!)).toBe(
      'job: stateBackend is "heap" in one build and "table" in the other',
    );
  });

  it('is one of two', () => {
    const env = StreamExecutionEnvironment.create();
    expect(() => env.setStateBackend('rocksdb' as 'heap')).toThrow(
      /setStateBackend\("rocksdb"\) at .*state-backend\.test\.ts.* needs 'heap' or 'table'/,
    );
  });
});
