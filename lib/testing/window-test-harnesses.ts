import type {
  AggregateArgument,
  AggregatedWindowArgument,
  ProcessWindowArgument,
  ReduceArgument,
} from '../api/function-arguments.ts';
import { keySelectorOf } from '../api/key-selector.ts';
import type { FunctionPlace } from '../api/user-function.ts';
import { WindowDraft } from '../api/window-draft.ts';
import type { Duration } from '../core/duration.ts';
import { UserError } from '../core/errors.ts';
import type { OutputTag } from '../core/output-tag.ts';
import type { Evictor } from '../core/window/evictor.ts';
import type { Trigger } from '../core/window/trigger.ts';
import type { Window } from '../core/window/window.ts';
import type { WindowAssigner } from '../core/window/window-assigner.ts';
import type { WindowSpec } from '../graph/operator-spec.ts';
import { KeyedOneInputStreamOperatorTestHarness } from './one-input-harness.ts';
import type { HarnessOptions } from './stream-operator-test-harness.ts';

/** A window as one would set it up on a KeyedStream. */
export interface WindowSettings<T, K, W extends Window> {
  readonly keySelector: (value: T) => K;
  readonly assigner: WindowAssigner<T, W>;
  /** @default the assigner's */
  readonly trigger?: Trigger<T, W>;
  /** @default - no element is evicted */
  readonly evictor?: Evictor<T, W>;
  /** @default 0 */
  readonly allowedLateness?: Duration;
  /**
   * Side output of late records. @default - late records are dropped and counted in `numLateRecordsDropped`
   */
  readonly lateTag?: OutputTag<T>;
}

/** Settings of a window that reduces its elements; `window` sees the result when the window fires. */
export interface ReduceWindowSettings<T, K, W extends Window, R> extends WindowSettings<T, K, W> {
  readonly reduce: ReduceArgument<T>;
  readonly window?: AggregatedWindowArgument<T, R, K, W>;
}

/** Settings of a window that aggregates its elements; `window` sees the result when the window fires. */
export interface AggregateWindowSettings<T, K, W extends Window, R, ACC = unknown, V = unknown>
  extends WindowSettings<T, K, W> {
  readonly aggregate: AggregateArgument<T, ACC, V>;
  readonly window?: AggregatedWindowArgument<V, R, K, W>;
}

/** Settings of a window that keeps its elements for one function. */
export interface ProcessWindowSettings<T, K, W extends Window, R> extends WindowSettings<T, K, W> {
  readonly process: ProcessWindowArgument<T, R, K, W>;
}

/** The settings of any form with their types erased. */
interface ErasedSettings extends WindowSettings<never, unknown, Window> {
  readonly reduce?: unknown;
  readonly aggregate?: unknown;
  readonly process?: unknown;
  readonly window?: unknown;
}

const PLACE: FunctionPlace = { operatorName: 'window', location: 'a test harness' };

function forWindow<T, K, W extends Window, R = T>(
  settings: ReduceWindowSettings<T, K, W, R>,
  options?: HarnessOptions,
): KeyedOneInputStreamOperatorTestHarness<T, R>;
function forWindow<T, K, W extends Window, R, ACC = unknown, V = unknown>(
  settings: AggregateWindowSettings<T, K, W, R, ACC, V>,
  options?: HarnessOptions,
): KeyedOneInputStreamOperatorTestHarness<T, R>;
function forWindow<T, K, W extends Window, R>(
  settings: ProcessWindowSettings<T, K, W, R>,
  options?: HarnessOptions,
): KeyedOneInputStreamOperatorTestHarness<T, R>;
function forWindow(settings: object, options: HarnessOptions = {}): unknown {
  // Each of the forms above is one of these.
  return new KeyedOneInputStreamOperatorTestHarness(specOf(settings as ErasedSettings), options);
}

/**
 * Harnesses for keyed windows, set up as in a job. Open the harness before use.
 *
 * Throws UserError FUNCTION_INVALID, TRIGGER_INVALID or WINDOW_INVALID as a job would.
 * @example
 * const harness = WindowTestHarnesses.forWindow<number, string, TimeWindow>({
 *   keySelector: () => 'all',
 *   assigner: TumblingEventTimeWindows.of(seconds(1)),
 *   reduce: (a, b) => a + b,
 * });
 * await harness.open();
 * harness.processElement(1, 0);
 * harness.processElement(2, 999);
 * harness.processWatermark(999);
 * // harness.output is [{ value: 3, timestamp: 999 }, { watermark: 999 }]
 */
export const WindowTestHarnesses = {
  /** A harness for a window with `reduce`, `aggregate` or `process`. */
  forWindow,
};

function specOf(settings: ErasedSettings): WindowSpec {
  const draft = draftOf(settings);
  const { reduce, aggregate, process, window } = settings;
  if (reduce !== undefined) return draft.reduce(reduce, window, PLACE);
  if (aggregate !== undefined) return draft.aggregate(aggregate, window, PLACE);
  if (process !== undefined) return draft.process(process, PLACE);
  throw new UserError('FUNCTION_INVALID', 'forWindow() needs one of reduce, aggregate and process.');
}

function draftOf(settings: ErasedSettings): WindowDraft {
  // The operator hands assigner, trigger and evictor only elements of the stream and windows that the
  // assigner made.
  const draft = new WindowDraft(settings.assigner as unknown as WindowAssigner<unknown, Window>, {
    keySelector: keySelectorOf(settings.keySelector, 'forWindow'),
    allWindows: false,
  });
  const { trigger, evictor, allowedLateness, lateTag } = settings;
  // As above.
  if (trigger !== undefined) draft.setTrigger(trigger as unknown as Trigger<unknown, Window>);
  // As above.
  if (evictor !== undefined) draft.setEvictor(evictor as unknown as Evictor<unknown, Window>);
  if (allowedLateness !== undefined) draft.setAllowedLateness(allowedLateness);
  if (lateTag !== undefined) draft.setLateTag(lateTag.id);
  return draft;
}
