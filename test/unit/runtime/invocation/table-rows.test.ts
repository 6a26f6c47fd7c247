/** Rows of a state table that are repeated from a log, and rows that no table holds. */
import { describe, expect, it } from 'vitest';
import { MemoryKeyedTable } from '../../../../lib/adapters/memory/memory-keyed-table.ts';
import { MemoryObjectStore } from '../../../../lib/adapters/memory/memory-object-store.ts';
import { MemorySubtaskLog } from '../../../../lib/adapters/memory/memory-subtask-log.ts';
import { compactSubtask } from '../../../../lib/coordinator/compaction.ts';
import { voidPayload } from '../../../../lib/coordinator/subtask-fold.ts';
import { RetryableError } from '../../../../lib/core/errors.ts';
import { encodeKey } from '../../../../lib/core/key.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { LogItem } from '../../../../lib/core/log/log-item.ts';
import type { KeyedChange, KeyedStateDelta, OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { defineJob, millis, ValueStateDescriptor, WatermarkStrategy } from '../../../../lib/index.ts';
import { storePayload } from '../../../../lib/ports/stored-objects.ts';
import { liveRows } from '../../../../lib/protocol/materialised-row.ts';
import { PRODUCTION_RULES } from '../../../../lib/protocol/rules.ts';
import type { InvocationContext } from '../../../../lib/runtime/invocation/invocation-ports.ts';
import type { Replica } from '../../../../lib/runtime/invocation/replica.ts';
import { loadReplica } from '../../../../lib/runtime/invocation/subtask-loader.ts';
import type { SubtaskProgram } from '../../../../lib/runtime/invocation/subtask-program.ts';
import { writeRows } from '../../../../lib/runtime/invocation/table-rows.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, wordRecord } from './pushed-words.ts';

const SUBTASK = { run: RUN, vertex: 'v', subtask: 0 };
const KEYS = Array.from({ length: 30 }, (_, i) => `k${i}`);
/** All of them are more than one chunk of a base. */
const VALUE = 'x'.repeat(300_000);

const inTime = (): void => {};

/** Counts the rows of its writes. */
class CountingTable extends MemoryKeyedTable {
  written = 0;

  override write(...[scope, rows]: Parameters<MemoryKeyedTable['write']>): Promise<void> {
    this.written += rows.length;
    return super.write(scope, rows);
  }
}

function deltaOf(keyed: readonly KeyedStateDelta[]): OperatorDelta {
  const none = { timers: [], states: [], watermark: undefined, keyGroupWatermarks: undefined };
  return { operator: 'o', keyed, ...none };
}

/** Two versions of each key: the second one clears what the first has put, and puts it again. */
function twoVersions(): readonly [OperatorDelta, OperatorDelta] {
  const options = { operatorLabel: 'o', journal: undefined, freeze: false, trackChanges: true };
  const backend = new HeapKeyedStateBackend(options);
  const state = backend.store.getState(new ValueStateDescriptor<string>('s'));
  const version = (value: string): OperatorDelta => {
    for (const key of KEYS) {
      backend.setCurrentKey(key);
      state.clear();
      state.update(value);
    }
    return deltaOf(structuredClone(backend.collectState('changes')));
  };
  return [version('old'), version(VALUE)];
}

it('what is cleared and put again in one version is there, however many chunks a base has', async () => {
  const log = new MemorySubtaskLog(64);
  const objects = new MemoryObjectStore({ now: () => 1e12 });
  const table = new MemoryKeyedTable();
  const context = {
    log,
    objects,
    table,
    subtask: SUBTASK,
    rules: PRODUCTION_RULES,
  } as unknown as InvocationContext;
  const versions = twoVersions();
  for (const [index, delta] of versions.entries()) {
    const payload = { ...voidPayload(), operators: [delta] };
    const stored = await storePayload(objects, payload, `spill/v/0/${index + 1}-w`);
    const item = {
      ...{ version: index + 1, writer: `w${index}`, kind: 'data', epoch: 0, sentThrough: index, code: 'c' },
      ...{ processingTime: 1, due: undefined, inboxPending: false, payload: stored },
    };
    await log.append(SUBTASK, item as unknown as LogItem);
  }
  // The second process has ended before it wrote the rows of its version.
  const unwritten = { version: 1, deltas: [versions[0]] };
  await writeRows(context, { unwritten } as unknown as Replica, inTime);
  let nonces = 0;
  await compactSubtask({ log, objects, nonce: () => `n${nonces++}`, table } as never, SUBTASK);
  const program = { tableState: { operator: 'o' }, applyState() {}, close: async () => {} };
  const replica = await loadReplica(context, async () => program as unknown as SubtaskProgram);
  expect(replica.unwritten?.deltas.length).toBeGreaterThan(1);
  await writeRows(context, replica, inTime);
  const rows = await table.load(
    { run: RUN, operator: 'o' },
    KEYS.map((key) => encodeKey(key)),
  );
  expect(rows.map((ofKey) => liveRows(ofKey).length)).toEqual(KEYS.map(() => 1));
});

it('rows of a version that takes several invocations are written once', async () => {
  const keys = Array.from({ length: 3 * LIMITS.tableWriteRowsMax + 1 }, (_, i) => `k${i}`);
  const changes = keys.map((key) => ({ op: 'put', key, value: 1 }) as KeyedChange);
  const unwritten = {
    version: 1,
    deltas: [deltaOf([{ name: 's', kind: 'value', changes } as KeyedStateDelta])],
  };
  const table = new CountingTable();
  const context = { table, subtask: SUBTASK, rules: PRODUCTION_RULES } as unknown as InvocationContext;
  const replica = { unwritten } as unknown as Replica;
  let left = 0;
  const untilOver = (): void => {
    if (left-- === 0) throw new RetryableError('TIME_OVER', 'over');
  };
  for (let invocation = 1; invocation <= 3; invocation++) {
    left = 1;
    await expect(writeRows(context, replica, untilOver)).rejects.toMatchObject({ code: 'TIME_OVER' });
    expect(table.written).toBeLessThanOrEqual(invocation * LIMITS.tableWriteRowsMax);
  }
  await writeRows(context, replica, inTime);
  expect(replica.unwritten).toBeUndefined();
  expect(table.written).toBe(keys.length);
  const rows = await table.load(
    { run: RUN, operator: 'o' },
    keys.map((key) => encodeKey(key)),
  );
  expect(rows.every((ofKey) => liveRows(ofKey).length === 1)).toBe(true);
});

describe('a value that no table holds', () => {
  it('fails the run before it is in the log; mended code goes on', async () => {
    const rows = new KeptRows();
    let lengthMax = Number.POSITIVE_INFINITY;
    const strategy = WatermarkStrategy.forBoundedOutOfOrderness<{ at: number }>(millis(0), {
      timestamp: ({ at }) => at,
    });
    const job = defineJob('texts', (env) => {
      const texts = new ValueStateDescriptor<string>('text');
      env
        .fromSource(new PushedWords(), strategy, 'words')
        .keyBy(({ word }) => word)
        .process<string>({
          processElement({ word, at }, context, out) {
            const state = context.getState(texts);
            state.update(((state.value() ?? '') + 'x'.repeat(at)).slice(0, lengthMax));
            out.collect(`${word} ${state.value()?.length}`);
          },
        })
        .uid('texts')
        .sinkTo(rows);
    });
    const world = new InvocationWorld({
      job: ({ clock, rules }) =>
        new TaskProgramFactory({
          newGraph: () => job.createGraph({ parallelism: 1, stateBackend: 'table' }),
          ...{ clock, rules, random: { next: () => 0 }, deadLetters: { keep: async () => {} } },
          shardsOf: ({ vertex, subtask }) => [`shard-of-${vertex}/${subtask}`],
          hasTable: true,
        }),
    });
    const subtasks = ['words', 'texts'].map((vertex) => ({ run: RUN, vertex, subtask: 0 }));
    const feed = async (word: string, at: number): Promise<void> => {
      world.feedShard('words/0', { bytes: wordRecord({ word, at }), endOfShard: false });
      const host = world.host();
      for (const subtask of [...subtasks, ...subtasks]) {
        if (world.pending(subtask).length > 0) await world.deliver(host, subtask);
      }
    };
    await feed('a', 10);
    await feed('a', 400_000);
    expect(world.failures[0]).toMatchObject({ code: 'STATE_VALUE_INVALID' });
    world.failures.length = 0;
    lengthMax = 1000;
    await feed('b', 1);
    expect(world.failures).toEqual([]);
    expect(rows.rows).toEqual(['a 10', 'a 1000', 'b 1']);
  });
});
