import { type ListState, ListStateDescriptor } from '../../core/state.ts';
import type { Evictor, TimestampedValue } from '../../core/window/evictor.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { type ContentsFunctions, WINDOW_CONTENTS, type WindowContents } from './window-contents.ts';
import type { WindowEvaluator } from './window-evaluator.ts';

/** What contents with an evictor are made of. */
export interface EvictingOptions {
  readonly evictor: Evictor<unknown, Window>;
  readonly backend: KeyedStateBackend;
  readonly evaluator: WindowEvaluator;
  readonly functions: ContentsFunctions;
}

/**
 * Every element with its timestamp; reduce and aggregate are applied when the window fires.
 * Source: Flink's EvictingWindowOperator.
 */
export class EvictingContents implements WindowContents {
  readonly descriptor = new ListStateDescriptor<unknown>(WINDOW_CONTENTS);
  readonly #state: ListState<TimestampedValue<unknown>>;
  readonly #backend: KeyedStateBackend;
  readonly #options: EvictingOptions;

  constructor(options: EvictingOptions) {
    const descriptor = new ListStateDescriptor<TimestampedValue<unknown>>(WINDOW_CONTENTS);
    this.#state = options.backend.windowStore.getListState(descriptor);
    this.#backend = options.backend;
    this.#options = options;
  }

  add(value: unknown, timestamp: number): void {
    this.#state.add({ value, timestamp });
  }

  emit(key: unknown, window: Window, stateWindow: Window): void {
    const { evictor, evaluator } = this.#options;
    const elements = this.#state.get();
    if (elements.length === 0) return;
    const before = evictor.evictBefore(elements.slice(), window, evaluator);
    this.#evaluate(key, window, before);
    const after = evictor.evictAfter(before, window, evaluator);
    // The window function may have moved the backend to its own namespace.
    this.#backend.setCurrentNamespace(stateWindow);
    if (after.length !== elements.length) this.#state.update(after);
  }

  clear(): void {
    this.#state.clear();
  }

  #evaluate(key: unknown, window: Window, elements: readonly TimestampedValue<unknown>[]): void {
    const { evaluator, functions } = this.#options;
    const { reduce, aggregate } = functions;
    if (aggregate !== undefined) {
      let accumulator = aggregate.createAccumulator();
      for (const { value } of elements) accumulator = aggregate.add(accumulator, value);
      evaluator.emitValue(key, window, aggregate.getResult(accumulator));
    } else if (reduce !== undefined) {
      evaluator.emitValue(key, window, reduced(reduce, elements));
    } else {
      evaluator.emitElements(
        key,
        window,
        elements.map(({ value }) => value),
      );
    }
  }
}

/** Undefined if the evictor has left nothing. */
function reduced(
  reduce: NonNullable<ContentsFunctions['reduce']>,
  elements: readonly TimestampedValue<unknown>[],
): unknown {
  const [first, ...others] = elements;
  return others.reduce((result, { value }) => reduce.reduce(result, value), first?.value);
}
