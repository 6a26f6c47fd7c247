/** A process that goes on where another has ended: what it is told of the past is no progress. */
import { describe, expect, it } from 'vitest';
import type { ChannelWatermark } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../../lib/core/log/frame.ts';
import { MIN_TIMESTAMP } from '../../../../lib/core/time.ts';
import {
  ContinuousEventTimeTrigger,
  defineJob,
  type JobDefinition,
  millis,
  type StateBackend,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from '../../../../lib/index.ts';
import { PRODUCTION_RULES } from '../../../../lib/protocol/rules.ts';
import { inputChannelKey } from '../../../../lib/protocol/subtask-vectors.ts';
import type { SubtaskProgram } from '../../../../lib/runtime/invocation/subtask-program.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const STRATEGY = WatermarkStrategy.forBoundedOutOfOrderness<Word>(millis(0), { timestamp: ({ at }) => at });
const BACKENDS: readonly StateBackend[] = ['heap', 'table'];

function factoryOf(job: JobDefinition, stateBackend: StateBackend): TaskProgramFactory {
  return new TaskProgramFactory({
    newGraph: () => job.createGraph({ parallelism: 1, stateBackend }),
    clock: { now: () => 1, sleep: async () => {} },
    random: { next: () => 0 },
    deadLetters: { keep: async () => {} },
    rules: PRODUCTION_RULES,
    shardsOf: ({ vertex, subtask }) => [`shard-of-${vertex}/${subtask}`],
    hasTable: true,
  });
}

/** Frames from three subtasks, and what they have said last. */
class Upstreams {
  readonly told = new Map<string, ChannelWatermark>();

  send(
    program: SubtaskProgram,
    upstream: string,
    said: readonly [number, 'idle' | 'active', ...Word[]],
  ): void {
    const [watermark, status, ...words] = said;
    const idle = status === 'idle';
    const records = words.map((value) => ({ keyGroup: 0, value, timestamp: value.at }));
    const frame = {
      ...{ kind: 'frame', run: RUN, upstream, edge: 'e0', cseq: 1, subtask: 0 },
      ...{ endOfInput: false, runs: [{ watermark, idle, records }] },
    } as unknown as Frame;
    const input = { frames: [frame], hints: [], inherited: [], processingTime: 1 };
    const missing = program.tableState?.missingKeys(input);
    if (missing !== undefined)
      program.tableState?.bring(
        missing,
        Array.from(missing, () => []),
      );
    program.processFrame(frame);
    this.told.set(inputChannelKey(upstream, 'e0'), { watermark, idle, ended: false });
  }
}

describe.each(BACKENDS)('with the %s backend', (stateBackend) => {
  it('channels that have all become idle are not further than the operator has come', async () => {
    const fired: number[] = [];
    const job = defineJob('timers', (env) => {
      env
        .fromSource(new PushedWords(), STRATEGY, 'words')
        .setParallelism(3)
        .keyBy(({ word }) => word)
        .process<string>({
          processElement: (_, context) => context.timerService.registerEventTimeTimer(150),
          onTimer: (time) => void fired.push(time),
        })
        .uid('timers')
        .sinkTo(new KeptRows());
    });
    const factory = factoryOf(job, stateBackend);
    const timers = { run: RUN, vertex: 'timers', subtask: 0 };
    const program = await factory.create(timers);
    await program.open({ version: 0, processingTime: 1, watermarks: new Map() });
    const upstreams = new Upstreams();
    const [a, b, c] = ['words/0', 'words/1', 'words/2'] as const;
    upstreams.send(program, c, [200, 'active']);
    upstreams.send(program, a, [50, 'active']);
    upstreams.send(program, b, [50, 'active']);
    upstreams.send(program, b, [50, 'idle']);
    upstreams.send(program, a, [80, 'active', { word: 'k', at: 90 }]);
    upstreams.send(program, c, [200, 'idle']);
    // Behind what the others have reached, so it holds nothing back.
    upstreams.send(program, b, [50, 'active']);
    upstreams.send(program, a, [80, 'idle']);
    upstreams.send(program, b, [50, 'idle']);
    const { operators } = await program.collect();
    expect(operators.map(({ watermark }) => watermark)).toContain(80);

    const next = await factory.create(timers);
    next.applyState(operators);
    await next.open({ version: 1, processingTime: 1, watermarks: upstreams.told });
    expect(fired).toEqual([]);
    upstreams.send(next, a, [140, 'active']);
    expect(fired).toEqual([]);
    upstreams.send(next, a, [160, 'active']);
    expect(fired).toEqual([150]);
    expect(next.outputWatermarks().every(({ watermark }) => watermark > MIN_TIMESTAMP)).toBe(true);
  });

  it.each([false, true])('a timer behind the watermark waits for the next one; anew: %s', async (anew) => {
    const rows = new KeptRows();
    const count = {
      createAccumulator: () => 0,
      add: (sum: number) => sum + 1,
      getResult: (sum: number) => sum,
      merge: (one: number, other: number) => one + other,
    };
    const job = defineJob('counts', (env) => {
      env
        .fromSource(new PushedWords(), STRATEGY, 'words')
        .keyBy(({ word }) => word)
        .window(TumblingEventTimeWindows.of(millis(1000)))
        .trigger(ContinuousEventTimeTrigger.of(millis(100)))
        .aggregate(count, ({ key, window, value }) => `${key}@${window.start}=${value}`)
        .uid('counts')
        .sinkTo(rows);
    });
    const subtasks = ['words', 'counts'].map((vertex) => ({ run: RUN, vertex, subtask: 0 }));
    const world = new InvocationWorld({ job: () => factoryOf(job, stateBackend) });
    let host = world.host();
    const feed = async (word: Word, endOfShard = false): Promise<void> => {
      world.feedShard('words/0', { bytes: wordRecord(word), endOfShard });
      for (const subtask of [...subtasks, ...subtasks]) {
        if (world.pending(subtask).length > 0) await world.deliver(host, subtask);
      }
    };
    await feed({ word: 'a', at: 450 });
    await feed({ word: 'b', at: 120 });
    if (anew) host = world.host();
    await feed({ word: 'a', at: 460 });
    await feed({ word: 'z', at: 5000 }, true);
    await world.drain(host, subtasks);
    expect(world.failures).toEqual([]);
    expect(rows.rows).toHaveLength(25);
    expect(rows.rows.filter((row) => row === 'b@0=1')).toHaveLength(9);
  });
});
