/** What a job costs to which nothing comes: the sweeper wakes its subtasks, until nothing is left to do. */
import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { findHead } from '../../../../lib/coordinator/log-head.ts';
import { wakeUp } from '../../../../lib/coordinator/sweeper.ts';
import { minutes } from '../../../../lib/core/duration.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import type { SubtaskHost } from '../../../../lib/runtime/invocation/subtask-host.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const WORDS: SubtaskId = { run: RUN, vertex: 'words', subtask: 0 };
const TIMES: SubtaskId = { run: RUN, vertex: 'times', subtask: 0 };
const ALL = [WORDS, TIMES];
const SWEEPS = 30;

interface IdleJob {
  readonly rows: KeptRows;
  readonly world: InvocationWorld;
}

/** Every word, and the time at which the watermark has passed it. */
function idleJob(strategy: WatermarkStrategy<Word>, shards = ['shard-of-words/0']): IdleJob {
  const rows = new KeptRows();
  const job = defineJob('idle', (env) => {
    env
      .fromSource(new PushedWords(), strategy, 'words')
      .keyBy(({ word }) => word)
      .process({
        processElement: ({ word, at }, { timerService }, out: { collect(row: string): void }) => {
          timerService.registerEventTimeTimer(at);
          out.collect(word);
        },
        onTimer: (_time, { currentKey }, out) => out.collect(`passed ${String(currentKey)}`),
      })
      .uid('times')
      .sinkTo(rows);
  });
  const world = new InvocationWorld({
    job: ({ clock, rules }) =>
      new TaskProgramFactory({
        newGraph: () => job.createGraph({ parallelism: 1 }),
        ...{ clock, rules, random: { next: () => 0 }, deadLetters: { keep: async () => {} } },
        shardsOf: ({ vertex }) => (vertex === 'words' ? shards : []),
      }),
  });
  return { rows, world };
}

function feed(world: InvocationWorld, word: Word, endOfShard = false): void {
  world.feedShard('words/0', { bytes: wordRecord(word), endOfShard });
}

/** Sweeps once a minute; how often subtasks were woken, sweep by sweep. */
async function sweep(
  world: InvocationWorld,
  host: () => SubtaskHost,
  sweeps = SWEEPS,
): Promise<readonly number[]> {
  const woken: number[] = [];
  for (let i = 0; i < sweeps; i++) {
    world.now += LIMITS.sweepIntervalMs;
    let count = 0;
    for (const subtask of ALL) {
      const { item } = await findHead(world.memoryLog, subtask);
      const request = wakeUp(item, { now: world.now, source: false });
      if (request === undefined) continue;
      count++;
      expect(await world.invoke(host(), { subtask, request })).toEqual({ kind: 'success' });
    }
    await world.drain(host(), ALL);
    woken.push(count);
  }
  return woken;
}

const RECORD: Word = { word: 'a', at: 100 };
const STRATEGIES = {
  'no watermarks': () => WatermarkStrategy.noWatermarks<Word>(),
  'monotonous timestamps': () =>
    WatermarkStrategy.forMonotonousTimestamps<Word>({ timestamp: ({ at }) => at }),
  'an idle timeout': () =>
    WatermarkStrategy.forMonotonousTimestamps<Word>({ timestamp: ({ at }) => at }).withIdleness(minutes(5)),
};

const NEVER = Array.from({ length: 10 }, () => 0);

describe('a job to which nothing comes', () => {
  it.each([
    ['no watermarks', 'warm'],
    ['no watermarks', 'new'],
    ['monotonous timestamps', 'warm'],
    ['monotonous timestamps', 'new'],
    // Every new process counts idleness anew, and has to be woken for it.
    ['an idle timeout', 'warm'],
  ] as const)('wakes no subtask for ever, with %s, in %s processes', async (strategy, process) => {
    const { world } = idleJob(STRATEGIES[strategy]());
    const warm = world.host();
    const host = () => (process === 'warm' ? warm : world.host());
    feed(world, RECORD);
    await world.drain(host(), ALL);
    const woken = await sweep(world, host);
    expect(woken.slice(-10), woken.join(' ')).toEqual(NEVER);
    const { length } = world.appended;
    await sweep(world, host);
    expect(world.appended.length).toBe(length);
  });

  it('is woken for no shard that has ended while others have not begun', async () => {
    const { world } = idleJob(STRATEGIES['no watermarks'](), ['shard-of-words/0', 'quiet']);
    const host = world.host();
    feed(world, RECORD, true);
    await world.drain(host, ALL);
    const woken = await sweep(world, () => host);
    expect(woken.slice(-10), woken.join(' ')).toEqual(NEVER);
  });

  it('is woken no more after a tick that came before its effects were due', async () => {
    const { world } = idleJob(STRATEGIES['no watermarks']());
    const host = world.host();
    feed(world, RECORD);
    await world.drain(host, ALL);
    for (const subtask of ALL) await world.tick(host, subtask);
    const woken = await sweep(world, () => host);
    expect(woken.slice(-10), woken.join(' ')).toEqual(NEVER);
  });

  it('I14: tells that its source has become idle once that is in the log', async () => {
    const { world } = idleJob(STRATEGIES['an idle timeout']());
    const host = world.host();
    feed(world, RECORD);
    await world.drain(host, ALL);
    await sweep(world, () => host, 10);
    const told = [...(host.cachedReplica(TIMES)?.vectors.watermarks.values() ?? [])];
    expect(told).toEqual([expect.objectContaining({ idle: true, ended: false })]);
  });

  it('goes on with a watermark that follows the clock', async () => {
    let world: InvocationWorld | undefined;
    const strategy = WatermarkStrategy.forGenerator<Word>(
      () => ({
        onEvent: () => {},
        onPeriodicEmit: (output) => output.emitWatermark((world?.now ?? 0) - 1000),
      }),
      { timestamp: ({ at }) => at },
    );
    const idle = idleJob(strategy);
    world = idle.world;
    const host = world.host();
    feed(world, { word: 'a', at: world.now + 10 * 60_000 });
    await world.drain(host, ALL);
    await sweep(world, () => host, 5);
    expect(idle.rows.rows).toEqual(['a']);
    await sweep(world, () => host, 10);
    expect(idle.rows.rows).toEqual(['a', 'passed a']);
  });
});
