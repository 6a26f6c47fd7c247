/** After a restore with another parallelism a key stands where its former subtask had come to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventTimeSessionWindows } from '../../../../lib/api/windows/event-time-session-windows.ts';
import { SlidingEventTimeWindows } from '../../../../lib/api/windows/sliding-event-time-windows.ts';
import { millis } from '../../../../lib/core/duration.ts';
import { keyGroupOf } from '../../../../lib/core/key.ts';
import { operatorIndexForKeyGroup } from '../../../../lib/core/key-groups.ts';
import { ProcessFunctionTestHarnesses } from '../../../../lib/testing/process-function-test-harnesses.ts';
import { rescale } from '../../../../lib/testing/rescale.ts';
import type { HarnessSnapshot } from '../../../../lib/testing/stream-operator-test-harness.ts';
import {
  aggregating,
  IN_PLACE_SUM,
  type OperatorChoice,
  pairOf,
  WindowHarness,
  windowSpec,
} from './window-harness.ts';

const MAX_PARALLELISM = 128;
const [LEFT, RIGHT] = [keyOf(0), keyOf(1)] as const;

/** A key that subtask `subtask` of two owns. */
function keyOf(subtask: number): string {
  for (let i = 0; ; i++) {
    const group = keyGroupOf(`k${i}`, MAX_PARALLELISM);
    if (operatorIndexForKeyGroup(MAX_PARALLELISM, 2, group) === subtask) return `k${i}`;
  }
}

const steps = fc.array(
  fc.record({ timestamps: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 }), advance: fc.nat(12) }),
  { maxLength: 6 },
);
type Script = typeof steps extends fc.Arbitrary<infer S> ? S : never;

const shapes = fc.record({
  windows: fc.constantFrom('sliding', 'sessions'),
  /** The gap of sessions. */
  sizeMs: fc.integer({ min: 1, max: 12 }),
  slideMs: fc.integer({ min: 1, max: 12 }),
  latenessMs: fc.nat(10),
});

type Shape = typeof shapes extends fc.Arbitrary<infer S> ? S : never;

/** An operator that keeps a list of the windows that it was told to clear. */
interface Watched {
  readonly harness: WindowHarness;
  readonly cleared: string[];
}

async function watched(shape: Shape, operator: OperatorChoice, snapshot?: HarnessSnapshot): Promise<Watched> {
  const cleared: string[] = [];
  const contents = aggregating(IN_PLACE_SUM, {
    process: ({ out, value, window }) => out.collect([...pairOf(value), window.maxTimestamp]),
    clear: ({ key, window }) => void cleared.push(`${String(key)} ${window.maxTimestamp}`),
  });
  const assigner =
    shape.windows === 'sliding'
      ? SlidingEventTimeWindows.of(millis(shape.sizeMs), millis(shape.slideMs))
      : EventTimeSessionWindows.withGap(millis(shape.sizeMs));
  const spec = windowSpec({ assigner, contents }, { allowedLatenessMs: shape.latenessMs });
  if (snapshot === undefined) return { harness: await WindowHarness.open(spec, { operator }), cleared };
  const harness = WindowHarness.restored(spec, snapshot, { operator });
  await harness.operator.open();
  return { harness, cleared };
}

function feed(harness: WindowHarness, key: string, timestamps: readonly number[]): void {
  for (const timestamp of timestamps) harness.input.processElement([key, 1], timestamp);
}

/** The results of one key, in order. */
function resultsOf(harness: WindowHarness, key: string): readonly unknown[] {
  return harness.output.records().filter(({ value }) => pairOf(value)[0] === key);
}

/** A key alone in an operator, up to the restore; `dropped` are its late records before. */
interface Alone extends Watched {
  readonly key: string;
  readonly reached: number;
  readonly dropped: number;
}

async function playAlone(key: string, script: Script, one: Watched): Promise<Alone> {
  const { harness, cleared } = one;
  let reached = 0;
  harness.input.processWatermark(reached);
  for (const { timestamps, advance } of script) {
    feed(harness, key, timestamps);
    reached += advance;
    harness.input.processWatermark(reached);
  }
  harness.take();
  cleared.length = 0;
  return { ...one, key, reached, dropped: harness.droppedRecords };
}

function goOn(merged: Watched, alone: readonly Alone[], script: Script): void {
  let watermark = Math.min(...alone.map(({ reached }) => reached));
  for (const { timestamps, advance } of [...script, { timestamps: [], advance: 500 }]) {
    watermark += advance;
    for (const { key, harness, reached } of alone) {
      feed(merged.harness, key, timestamps);
      feed(harness, key, timestamps);
      harness.input.processWatermark(Math.max(watermark, reached));
    }
    merged.harness.input.processWatermark(watermark);
    merged.harness.collect();
  }
}

describe.each<OperatorChoice>(['chosen', 'generic'])('windows of two subtasks made one (%s)', (operator) => {
  it('fire and end as if every key had stayed alone', async () => {
    const property = fc.asyncProperty(shapes, steps, steps, steps, async (shape, left, right, after) => {
      const alone = [
        await playAlone(LEFT, left, await watched(shape, operator)),
        await playAlone(RIGHT, right, await watched(shape, operator)),
      ];
      const [snapshot] = rescale(
        alone.map(({ harness }) => harness.snapshot()),
        { parallelism: 1 },
      );
      const merged = await watched(shape, operator, snapshot);
      expect(merged.harness.snapshot().keyGroupWatermarks).toEqual(snapshot?.keyGroupWatermarks);
      goOn(merged, alone, after);
      let dropped = 0;
      for (const { key, harness, dropped: before } of alone) {
        expect(resultsOf(merged.harness, key)).toEqual(resultsOf(harness, key));
        dropped += harness.droppedRecords - before;
      }
      expect(merged.cleared.sort()).toEqual(alone.flatMap(({ cleared }) => cleared).sort());
      expect(merged.harness.droppedRecords).toBe(dropped);
      expect(merged.harness.snapshot().keyGroupWatermarks).toEqual([]);
    });
    await fc.assert(property, { numRuns: 150 });
  });
});

describe('sessions of two subtasks made one', () => {
  const shape: Shape = { windows: 'sessions', sizeMs: 5, slideMs: 1, latenessMs: 0 };

  /** LEFT has come to 100, RIGHT to 10; a session of LEFT that ends at 55 has fired and is cleaned up. */
  async function merged(): Promise<Watched> {
    const [left, right] = [await watched(shape, 'chosen'), await watched(shape, 'chosen')];
    feed(left.harness, LEFT, [50]);
    left.harness.input.processWatermark(100);
    feed(right.harness, RIGHT, [7]);
    right.harness.input.processWatermark(10);
    expect(left.cleared).toEqual([`${LEFT} 54`]);
    const olds = [left.harness.snapshot(), right.harness.snapshot()];
    const [snapshot] = rescale(olds, { parallelism: 1 });
    return watched(shape, 'chosen', snapshot);
  }

  it('do not open again what had fired: a record may be late for its key alone', async () => {
    const { harness, cleared } = await merged();
    feed(harness, LEFT, [52, 54]);
    feed(harness, RIGHT, [52]);
    expect(harness.droppedRecords).toBe(2);
    harness.input.processWatermark(100);
    expect([resultsOf(harness, LEFT), resultsOf(harness, RIGHT)]).toMatchObject([[], [{}, {}]]);
    expect(cleared).toEqual([`${RIGHT} 11`, `${RIGHT} 56`]);
  });

  it('take a record that reaches into a session which is still open', async () => {
    const { harness } = await merged();
    feed(harness, LEFT, [98, 94, 85]);
    expect(harness.droppedRecords).toBe(1);
    harness.input.processWatermark(200);
    expect(resultsOf(harness, LEFT)).toEqual([{ value: [LEFT, 2, 102], timestamp: 102 }]);
  });
});

describe('a keyed process function of two subtasks made one', () => {
  const harnessOf = () =>
    ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(
      {
        processElement: (word, context, out) => {
          out.collect(`${word} sees ${context.timerService.currentWatermark()}`);
          context.timerService.registerEventTimeTimer(30);
        },
        onTimer: (timestamp, { currentKey }, out) => out.collect(`${currentKey} at ${timestamp}`),
      },
      (word) => word,
    );

  it('sees the watermark of the operator, and each timer fires once', async () => {
    const olds = [harnessOf(), harnessOf()] as const;
    for (const [i, key] of [LEFT, RIGHT].entries()) {
      await olds[i]!.open();
      olds[i]!.processElement(key, 1);
    }
    olds[0].processWatermark(50);
    olds[1].processWatermark(10);
    const [snapshot] = rescale(
      olds.map((old) => old.snapshot()),
      { parallelism: 1 },
    );
    expect(snapshot?.keyGroupWatermarks).toEqual([{ firstKeyGroup: 0, lastKeyGroup: 63, watermark: 50 }]);
    const merged = harnessOf();
    merged.restore(snapshot!);
    await merged.open();
    merged.processElement(LEFT, 2);
    merged.processWatermark(60);
    merged.processWatermark(70);
    expect(merged.records()).toEqual([`${LEFT} sees 10`, `${RIGHT} at 30`, `${LEFT} at 30`]);
    expect(merged.collectChanges()).toMatchObject({ watermark: 70, keyGroupWatermarks: [] });
    expect(merged.collectChanges()).toMatchObject({ watermark: undefined, keyGroupWatermarks: undefined });
  });
});
