import { type ListState, ListStateDescriptor } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { WINDOW_CONTENTS, type WindowContents } from './window-contents.ts';
import type { WindowEvaluator } from './window-evaluator.ts';

/** Every element of a window, in the order of arrival. */
export class ListContents implements WindowContents {
  readonly descriptor = new ListStateDescriptor<unknown>(WINDOW_CONTENTS);
  readonly #state: ListState<unknown>;
  readonly #evaluator: WindowEvaluator;

  constructor(backend: KeyedStateBackend, evaluator: WindowEvaluator) {
    this.#state = backend.windowStore.getListState(this.descriptor);
    this.#evaluator = evaluator;
  }

  add(value: unknown): void {
    this.#state.add(value);
  }

  emit(key: unknown, window: Window): void {
    const elements = this.#state.get();
    // A copy: the list grows if the window fires again, and the function may keep what it got.
    if (elements.length > 0) this.#evaluator.emitElements(key, window, elements.slice());
  }

  clear(): void {
    this.#state.clear();
  }
}
