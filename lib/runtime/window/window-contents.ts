import type { AggregateFunction } from '../../core/functions/aggregate-function.ts';
import type { ReduceFunction } from '../../core/functions/reduce-function.ts';
import type { Window } from '../../core/window/window.ts';
import type { MergeableStateDescriptor } from '../state/keyed-state-backend.ts';

/** Name of the state that holds the contents of windows. */
export const WINDOW_CONTENTS = 'window-contents';

/**
 * What the generic window operator keeps of a window: an accumulator, a reduced value, a list of elements, or
 * a list of elements with timestamps for an evictor. Acts on the current key and namespace of the backend.
 */
export interface WindowContents {
  readonly descriptor: MergeableStateDescriptor;
  add(value: unknown, timestamp: number): void;
  /** Evaluates the contents, kept under `stateWindow`, for `window`, unless there are none. */
  emit(key: unknown, window: Window, stateWindow: Window): void;
  clear(): void;
}

/** The function objects that make the contents of windows, of one operator of one subtask. */
export interface ContentsFunctions {
  readonly reduce: ReduceFunction<unknown> | undefined;
  readonly aggregate: AggregateFunction<unknown, unknown, unknown> | undefined;
}
