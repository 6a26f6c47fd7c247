import { describe, expect, it } from 'vitest';
import { keyGroupOf } from '../../../lib/core/key.ts';
import { operatorIndexForKeyGroup } from '../../../lib/core/key-groups.ts';
import type { OperatorStateDelta } from '../../../lib/core/log/state-delta.ts';
import { ReducingStateDescriptor } from '../../../lib/core/state.ts';
import { ProcessFunctionTestHarnesses } from '../../../lib/testing/process-function-test-harnesses.ts';
import { rescale } from '../../../lib/testing/rescale.ts';
import type { HarnessSnapshot } from '../../../lib/testing/stream-operator-test-harness.ts';

const COUNT = new ReducingStateDescriptor<number>('count', (a, b) => a + b);
const MAX_PARALLELISM = 128;

function newHarness(subtask: number, parallelism: number) {
  return ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(
    {
      processElement: (_word, context) => {
        context.getReducingState(COUNT).add(1);
        context.timerService.registerEventTimeTimer(10);
      },
      onTimer: (_timestamp, context, out) =>
        out.collect(`${context.currentKey} ${context.getReducingState(COUNT).get()}`),
    },
    (word) => word,
    { subtask, parallelism },
  );
}

function ownerOf(key: string, parallelism: number): number {
  return operatorIndexForKeyGroup(MAX_PARALLELISM, parallelism, keyGroupOf(key, MAX_PARALLELISM));
}

async function openAll(parallelism: number, snapshots: ReturnType<typeof rescale> | undefined) {
  const harnesses = Array.from({ length: parallelism }, (_, subtask) => newHarness(subtask, parallelism));
  for (const [subtask, harness] of harnesses.entries()) {
    const snapshot = snapshots?.[subtask];
    if (snapshot !== undefined) harness.restore(snapshot);
    await harness.open();
  }
  return harnesses;
}

const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);

describe('rescaling snapshots', () => {
  it.each([
    [1, 3],
    [3, 1],
    [2, 5],
  ])('moves_state_and_timers_from_%i_to_%i_subtasks_by_key_group', async (before, after) => {
    const old = await openAll(before, undefined);
    for (const key of [...keys, ...keys]) old[ownerOf(key, before)]?.processElement(key, 1);
    for (const harness of old) harness.processWatermark(5);
    const snapshots = rescale(
      old.map((harness) => harness.snapshot()),
      { parallelism: after },
    );
    const rescaled = await openAll(after, snapshots);
    for (const harness of rescaled) harness.processWatermark(10);
    const found = rescaled.map((harness) => harness.records().toSorted());
    const expected = rescaled.map((_, subtask) =>
      keys
        .filter((key) => ownerOf(key, after) === subtask)
        .map((key) => `${key} 2`)
        .sort(),
    );
    expect(found).toEqual(expected);
  });

  it('keeps_the_lowest_watermark', async () => {
    const [left, right] = await openAll(2, undefined);
    left?.processWatermark(7);
    right?.processWatermark(3);
    const [whole] = rescale([left!.snapshot(), right!.snapshot()], { parallelism: 1 });
    expect(whole?.watermark).toBe(3);
  });

  it('refuses_state_that_no_key_owns', () => {
    const snapshot = newSnapshotWith({ name: 'splits', redistribution: 'split', changes: [] });
    expect(() => rescale([snapshot], { parallelism: 2 })).toThrow(/splits/);
  });
});

function newSnapshotWith(state: OperatorStateDelta): HarnessSnapshot {
  const nothing = { keyed: [], eventTimers: [], processingTimers: [], keyGroupWatermarks: [] };
  return { uid: 'u', ...nothing, watermark: 0, operatorState: [state] };
}
