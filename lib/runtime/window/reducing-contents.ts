import type { ReduceFunction } from '../../core/functions/reduce-function.ts';
import { type ReducingState, ReducingStateDescriptor } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { WINDOW_CONTENTS, type WindowContents } from './window-contents.ts';
import type { WindowEvaluator } from './window-evaluator.ts';

/** One reduced value a window. */
export class ReducingContents implements WindowContents {
  readonly descriptor: ReducingStateDescriptor<never>;
  readonly #state: ReducingState<unknown>;
  readonly #evaluator: WindowEvaluator;

  constructor(reduce: ReduceFunction<unknown>, backend: KeyedStateBackend, evaluator: WindowEvaluator) {
    this.#state = backend.windowStore.getReducingState(new ReducingStateDescriptor(WINDOW_CONTENTS, reduce));
    // Only for merging, where what `reduce` returns goes back into this very state.
    this.descriptor = new ReducingStateDescriptor(WINDOW_CONTENTS, (a, b) => reduce.reduce(a, b) as never);
    this.#evaluator = evaluator;
  }

  add(value: unknown): void {
    this.#state.add(value);
  }

  emit(key: unknown, window: Window): void {
    this.#evaluator.emitValue(key, window, this.#state.get());
  }

  clear(): void {
    this.#state.clear();
  }
}
