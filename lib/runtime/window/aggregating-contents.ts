import type { AggregateFunction } from '../../core/functions/aggregate-function.ts';
import { type AggregatingState, AggregatingStateDescriptor } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { WINDOW_CONTENTS, type WindowContents } from './window-contents.ts';
import type { WindowEvaluator } from './window-evaluator.ts';

/** One accumulator a window. */
export class AggregatingContents implements WindowContents {
  readonly descriptor: AggregatingStateDescriptor<unknown, unknown, unknown>;
  readonly #state: AggregatingState<unknown, unknown>;
  readonly #evaluator: WindowEvaluator;

  constructor(
    aggregate: AggregateFunction<unknown, unknown, unknown>,
    backend: KeyedStateBackend,
    evaluator: WindowEvaluator,
  ) {
    this.descriptor = new AggregatingStateDescriptor(WINDOW_CONTENTS, aggregate);
    this.#state = backend.windowStore.getAggregatingState(this.descriptor);
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
