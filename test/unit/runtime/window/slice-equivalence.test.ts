import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingEventTimeWindows } from '../../../../lib/api/windows/sliding-event-time-windows.ts';
import { TumblingEventTimeWindows } from '../../../../lib/api/windows/tumbling-event-time-windows.ts';
import { millis } from '../../../../lib/core/duration.ts';
import type { AggregateFunction } from '../../../../lib/core/functions/aggregate-function.ts';
import type { AggregatedWindowFunction } from '../../../../lib/core/functions/window-function.ts';
import { ValueStateDescriptor } from '../../../../lib/core/state.ts';
import { TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import type { WindowContents, WindowSpec } from '../../../../lib/graph/operator-spec.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';
import { SliceWindowOperator } from '../../../../lib/runtime/window/slice-window-operator.ts';
import {
  aggregating,
  type HarnessSettings,
  IN_PLACE_SUM,
  type OperatorChoice,
  type Pair,
  reducing,
  sumPairs,
  WindowHarness,
  windowSpec,
} from './window-harness.ts';

type Step =
  | { readonly kind: 'element'; readonly key: string; readonly n: number; readonly timestamp: number }
  | { readonly kind: 'watermark'; readonly advance: number }
  | { readonly kind: 'restore' };

interface Shape {
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
  readonly lateTag: boolean;
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('element' as const),
        key: fc.constantFrom('a', 'b', 'c'),
        n: fc.integer({ min: 1, max: 99 }),
        timestamp: fc.integer({ min: -25, max: 25 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('watermark' as const),
        advance: fc.integer({ min: 0, max: 9 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'restore' as const }) },
  ),
  { maxLength: 60, size: 'max' },
);

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    sizeMs: fc.integer({ min: 1, max: 12 }),
    slideMs: fc.integer({ min: 1, max: 12 }),
    offset: fc.integer({ min: -11, max: 11 }),
    tumbling: fc.boolean(),
    latenessMs: fc.integer({ min: 0, max: 8 }),
    lateTag: fc.boolean(),
  })
  .map(({ sizeMs, slideMs, offset, tumbling, ...rest }) => {
    const slide = tumbling ? sizeMs : slideMs;
    return { sizeMs, slideMs: slide, offsetMs: offset % slide, ...rest };
  });

const FIRINGS = new ValueStateDescriptor<number>('firings', 0);

/** Tells the window and how often it has fired for its key, and when it is cleared. */
const describing: AggregatedWindowFunction<unknown, unknown, unknown, Window> = {
  process: ({ key, window, value, elements, windowState, globalState, out }) => {
    const ofWindow = windowState.getState(FIRINGS);
    ofWindow.update((ofWindow.value() ?? 0) + 1);
    const ofKey = globalState.getState(FIRINGS);
    ofKey.update((ofKey.value() ?? 0) + 1);
    out.collect([key, boundsOf(window), value, elements.length, ofWindow.value(), ofKey.value()]);
  },
  clear: ({ key, window, windowState, out }) => {
    windowState.getState(FIRINGS).clear();
    out.collect(['cleared', key, boundsOf(window)]);
  },
};

const immutable: AggregateFunction<Pair, readonly number[], string> = {
  createAccumulator: () => [],
  add: (accumulator, [, n]) => [...accumulator, n],
  // Returns its second argument itself if it can.
  merge: (a, b) => (a.length === 0 ? b : [...a, ...b]),
  getResult: (accumulator) => [...accumulator].sort((a, b) => a - b).join(),
};

const returningSecond: AggregateFunction<Pair, { n: number }, number> = {
  createAccumulator: () => ({ n: 0 }),
  add: (accumulator, [, n]) => ({ n: accumulator.n + n }),
  merge: (a, b) => {
    if (a.n === 0) return b;
    a.n += b.n;
    return a;
  },
  getResult: ({ n }) => n,
};

const contents: Readonly<Record<string, WindowContents>> = {
  'a sum by reduce': reducing(sumPairs),
  'a sum by reduce with a window function': reducing(sumPairs, describing),
  'an accumulator changed in place': aggregating(IN_PLACE_SUM),
  'an accumulator changed in place, with a window function': aggregating(IN_PLACE_SUM, describing),
  'immutable accumulators': aggregating(immutable),
  'a merge that returns its second argument': aggregating(returningSecond),
};

describe('SliceWindowOperator and WindowOperator', () => {
  for (const [name, windowContents] of Object.entries(contents)) {
    it(`give the same results for ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(shapes, steps, (shape, script) => agree(windowContents, shape, script, {})),
        {
          numRuns: 120,
        },
      );
    });
  }

  it('give the same results when state is frozen', async () => {
    await fc.assert(
      fc.asyncProperty(
        shapes,
        steps,
        fc.constantFrom(...Object.values(contents)),
        (shape, script, windowContents) => agree(windowContents, shape, script, { freezeState: true }),
      ),
      { numRuns: 100 },
    );
  });

  for (const operator of ['chosen', 'generic'] as const) {
    it(`undo a record that failed behind them (${operator})`, async () => {
      const anyContents = fc.constantFrom(...Object.values(contents));
      await fc.assert(
        fc.asyncProperty(shapes, steps, anyContents, (shape, script, windowContents) =>
          undone(specOf(windowContents, shape), script, operator),
        ),
        { numRuns: 100 },
      );
    });
  }
});

async function agree(
  windowContents: WindowContents,
  shape: Shape,
  script: readonly Step[],
  settings: HarnessSettings,
): Promise<void> {
  const spec = specOf(windowContents, shape);
  const slices = await WindowHarness.open(spec, settings);
  const generic = await WindowHarness.open(spec, { ...settings, operator: 'generic' });
  expect(slices.operator).toBeInstanceOf(SliceWindowOperator);
  for (const harness of [slices, generic]) await play(harness, script);
  expect(slices.droppedRecords).toBe(generic.droppedRecords);
  expect(slices.takeSide('late')).toEqual(generic.takeSide('late'));
  expect(sortedBetweenWatermarks(slices.take())).toEqual(sortedBetweenWatermarks(generic.take()));
}

/** What is kept, without the order in which a backend lists its entries. */
function statesOf(harness: WindowHarness): readonly unknown[] {
  const { keyed, watermark } = harness.snapshot();
  return [
    watermark,
    ...keyed.map(({ name, kind, entries }) => [name, kind, entries.map((e) => JSON.stringify(e)).sort()]),
  ];
}

/** Every element is processed twice: once within a record that fails, which must leave no trace. */
async function undone(spec: WindowSpec, script: readonly Step[], operator: OperatorChoice): Promise<void> {
  const journal = new UndoJournal();
  const journaled = await WindowHarness.open(spec, { journal, operator });
  const plain = await WindowHarness.open(spec, { operator });
  let watermark = -30;
  for (const step of script) {
    const attempt = () => {
      watermark = apply(journaled, step, watermark);
      apply(journaled, { kind: 'element', key: 'a', n: 1000, timestamp: watermark }, watermark);
      journaled.input.processWatermark(watermark + 3);
      throw new Error('failed behind');
    };
    const before = watermark;
    journal.guard(attempt, () => undefined);
    watermark = before;
    journaled.take();
    journaled.takeSide('late');
    plain.take();
    plain.takeSide('late');
    journal.guard(
      () => apply(journaled, step, watermark),
      (error) => {
        throw error;
      },
    );
    watermark = apply(plain, step, watermark);
    expect(journaled.take()).toEqual(plain.take());
    expect(journaled.takeSide('late')).toEqual(plain.takeSide('late'));
    expect(journaled.droppedRecords).toBe(plain.droppedRecords);
    expect(statesOf(journaled)).toEqual(statesOf(plain));
    if (step.kind === 'restore') journaled.collect();
  }
  journaled.collect();
}

function specOf(windowContents: WindowContents, shape: Shape): WindowSpec {
  const { sizeMs, slideMs, offsetMs, latenessMs, lateTag } = shape;
  const assigner =
    sizeMs === slideMs
      ? TumblingEventTimeWindows.of(millis(sizeMs), millis(offsetMs))
      : SlidingEventTimeWindows.of(millis(sizeMs), millis(slideMs), millis(offsetMs));
  return windowSpec(
    { assigner, contents: windowContents },
    { allowedLatenessMs: latenessMs, lateTagId: lateTag ? 'late' : undefined },
  );
}

async function play(harness: WindowHarness, script: readonly Step[]): Promise<void> {
  let watermark = -30;
  for (const step of script) {
    if (step.kind === 'restore') await harness.snapshotRestore();
    else watermark = apply(harness, step, watermark);
  }
  harness.input.processWatermark(Number.MAX_SAFE_INTEGER);
}

function apply(harness: WindowHarness, step: Step, watermark: number): number {
  if (step.kind === 'element') harness.input.processElement([step.key, step.n], step.timestamp);
  if (step.kind !== 'watermark') return watermark;
  harness.input.processWatermark(watermark + step.advance);
  return watermark + step.advance;
}

function sortedBetweenWatermarks(output: readonly unknown[]): readonly unknown[] {
  const sorted: unknown[] = [];
  let records: string[] = [];
  for (const element of output) {
    if (typeof element !== 'number') records.push(JSON.stringify(element));
    else {
      sorted.push(records.sort(), element);
      records = [];
    }
  }
  return [...sorted, records.sort()];
}

function boundsOf(window: Window): readonly number[] {
  return window instanceof TimeWindow ? [window.start, window.end] : [];
}
