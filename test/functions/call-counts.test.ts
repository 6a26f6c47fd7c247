/** What a deployed job costs in calls, in steady state and at rest: counted, so that it cannot creep up. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attributesOfItem } from '../../lib/adapters/dynamodb/item-attributes.ts';
import { defineJob, type JobDefinition } from '../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { TumblingEventTimeWindows } from '../../lib/api/windows/tumbling-event-time-windows.ts';
import { FileSource } from '../../lib/connectors/file/file-source.ts';
import { takeCheckpoint } from '../../lib/coordinator/checkpoint.ts';
import { subtasksOf } from '../../lib/coordinator/run-plan.ts';
import { sweepRun } from '../../lib/coordinator/sweeper.ts';
import { decodeEntry, encodeEntry } from '../../lib/core/codec/entry-codec.ts';
import { seconds } from '../../lib/core/duration.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import type { LogItem } from '../../lib/core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../lib/core/log/subtask-id.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { countsByName, type PortCall, successfulWrites } from './counted-calls.ts';
import { DeployedFunctions } from './deployed-functions.ts';

interface Click {
  readonly user: string;
  readonly at: number;
}

const SUBTASKS = [0, 1];
const BATCH_RECORDS = 1000;
const RUN = { job: 'clicks', run: 'run-1' };

/** Counts clicks of users in windows of ten seconds; `called` is told of every click. */
function clickJob(rows: KeptRows, called: () => void = () => {}): JobDefinition {
  return defineJob('clicks', (env) => {
    env
      .fromSource(
        FileSource.ndjson<Click>('clicks.ndjson'),
        WatermarkStrategy.forMonotonousTimestamps<Click>({ timestamp: ({ at }) => at }),
        'clicks',
      )
      .keyBy(({ user }) => user)
      .window(TumblingEventTimeWindows.of(seconds(10)))
      .aggregate(
        {
          createAccumulator: () => 0,
          add: (count) => {
            called();
            return count + 1;
          },
          merge: (a, b) => a + b,
          getResult: (count) => count,
        },
        ({ key, window, value, out }) => out.collect(`${key}@${window.start}=${value}`),
      )
      .uid('count')
      .sinkTo(rows);
  });
}

/** A second of clicks of a hundred users. */
function clicks(second: number): readonly Click[] {
  return Array.from({ length: BATCH_RECORDS }, (_, i) => ({
    user: `user-${i % 100}`,
    at: second * 1000 + i,
  }));
}

/** A running job with warm functions. */
async function warmJob(called?: () => void) {
  const rows = new KeptRows();
  const deployed = new DeployedFunctions({ job: clickJob(rows, called), source: 'clicks' });
  await deployed.start();
  for (const second of [0, 1]) {
    for (const i of SUBTASKS) await deployed.read('clicks', i, clicks(second));
    for (const i of SUBTASKS) await deployed.forward('count', i);
  }
  deployed.calls.take();
  return { rows, deployed };
}

/** Lets the minutes pass until a sweep has nothing to do any more. */
async function rest(deployed: DeployedFunctions): Promise<void> {
  for (let minute = 0; minute < 5; minute++) {
    vi.setSystemTime(Date.now() + LIMITS.sweepIntervalMs);
    await sweepRun(deployed.ports, RUN);
    for (const i of SUBTASKS) await deployed.forward('count', i);
  }
  deployed.calls.take();
}

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

describe('a deployed job in steady state', () => {
  it('writes once to the log for each batch of a subtask, reads nothing, and touches no object', async () => {
    const { deployed } = await warmJob();
    for (let second = 2; second < 30; second++) {
      for (const i of SUBTASKS) {
        expect(await deployed.read('clicks', i, clicks(second))).toEqual({ kind: 'success' });
        const calls = deployed.calls.take();
        // Frames for both subtasks of the window, and what their keys are, go in one call.
        expect(countsByName(calls)).toEqual({ 'log.append': 1, 'transport.send': 1 });
        expect(sentRecords(calls)).toBeLessThanOrEqual(500);
      }
      for (const i of SUBTASKS) {
        expect(await deployed.forward('count', i)).toEqual([{ kind: 'success' }]);
        expect(countsByName(deployed.calls.take())).toEqual({ 'log.append': 1 });
      }
    }
  });

  it('asks for its run and reads its log once in a new environment', async () => {
    const { deployed } = await warmJob();
    const batch = deployed.external(0, clicks(2));
    expect(await deployed.cold('clicks').handle(batch, Date.now() + 60_000)).toEqual({ kind: 'success' });
    const reads = { 'records.get': 2, 'log.readBase': 1, 'log.readFrom': 1 };
    // Before its batch it sends again what another environment has sent last.
    expect(countsByName(deployed.calls.take())).toEqual({ ...reads, 'log.append': 1, 'transport.send': 2 });
  });

  it('commits entries that are little more than what user code changed and sent', async () => {
    const { deployed } = await warmJob();
    for (let second = 2; second < 30; second++) {
      // A single record is the smallest entry, with the largest share of what is no change.
      const batch = second % 2 === 0 ? clicks(second) : clicks(second).slice(0, 1);
      for (const i of SUBTASKS) await deployed.read('clicks', i, batch);
      for (const i of SUBTASKS) await deployed.forward('count', i);
    }
    const appends = deployed.calls.take().filter(({ name }) => name === 'log.append');
    expect(appends.length).toBeGreaterThan(28 * 3);
    for (const call of appends) {
      const { stored, changed } = sizesOf(call);
      expect(stored).toBeLessThanOrEqual(1.3 * changed + 300);
    }
  });
});

describe('a deployed job at rest', () => {
  it('is checkpointed with two writes a subtask and four more, and without running a function', async () => {
    let called = 0;
    const { deployed } = await warmJob(() => {
      called++;
    });
    await rest(deployed);
    const before = called;
    const first = await takeCheckpoint(deployed.ports, { ...RUN, execution: 'e-1' });
    expect(first.kind).toBe('complete');
    const calls = deployed.calls.take();
    const subtasks = subtasksOf(deployed.plan, RUN.run).length;
    expect(subtasks).toBe(4);
    expect(successfulWrites(calls).length).toBeLessThanOrEqual(2 * subtasks + 4);
    expect(calls.filter(({ name }) => name === 'invoker.invoke')).toEqual([]);
    expect(called).toBe(before);
    const second = await takeCheckpoint(deployed.ports, { ...RUN, execution: 'e-2' });
    expect(second).toEqual({ kind: 'skipped', n: 1 });
    expect(successfulWrites(deployed.calls.take())).toEqual([]);
  });

  it('is swept without a write and without running a function', async () => {
    const { deployed } = await warmJob();
    await rest(deployed);
    for (let minute = 0; minute < 10; minute++) {
      vi.setSystemTime(Date.now() + LIMITS.sweepIntervalMs);
      expect(await sweepRun(deployed.ports, RUN)).toMatchObject({ status: 'RUNNING', invoked: 0 });
    }
    const calls = deployed.calls.take();
    expect(successfulWrites(calls)).toEqual([]);
    expect(calls.filter(({ name }) => name === 'invoker.invoke')).toEqual([]);
  });
});

function sentRecords(calls: readonly PortCall[]): number {
  const sends = calls.filter(({ name }) => name === 'transport.send');
  // The port takes one list.
  return sends.reduce((sum, { args }) => sum + (args[0] as readonly unknown[]).length, 0);
}

/**
 * `stored`: bytes that DynamoDB bills for the item, names and key included. `changed`: the entry if it held
 * nothing but the changes of state, the frames and the committables: no positions, counters, watermarks.
 */
function sizesOf({ args }: PortCall): { readonly stored: number; readonly changed: number } {
  // The port takes the subtask and the item.
  const [subtask, item] = args as readonly [SubtaskId, LogItem];
  if (item.payload.kind !== 'inline') throw new Error('The entry is spilled.');
  const attributes = Object.entries(attributesOfItem(item));
  const stored = attributes.reduce((sum, [name, value]) => sum + name.length + bytesOf(value), 0);
  const key = 'pk'.length + subtaskPath(subtask).length + 'sk'.length + 5;
  const { operators, outbox, intents } = decodeEntry(item.payload.bytes);
  const nothing = { positions: {}, consumed: {}, watermarks: {}, produced: {}, performed: [] };
  const changed = encodeEntry({
    ...nothing,
    ...{ operators, outbox, intents, inbox: undefined, inboxConsumed: undefined },
    parked: { added: [], removed: [] },
  });
  return { stored: stored + key, changed: changed.length };
}

/** As DynamoDB counts: text and binary by their bytes, numbers by half their digits and one. */
function bytesOf(value: { readonly S?: unknown; readonly N?: unknown; readonly B?: unknown }): number {
  const { S, N, B } = value;
  if (typeof S === 'string') return Buffer.byteLength(S);
  if (typeof N === 'string') return Math.ceil(N.length / 2) + 1;
  return B instanceof Uint8Array ? B.length : 1;
}
