import type { Namespace } from '../../core/log/state-delta.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../core/window/window.ts';
import { unknownWindow } from './namespace.ts';

interface Node<V> {
  readonly start: number;
  readonly end: number;
  value: V;
  /** Another window with the same end. */
  next: Node<V> | undefined;
}

/** Map from windows to values: equal windows are one entry. No key is built for a lookup. */
export class NamespaceMap<V> {
  readonly #byEnd = new Map<number, Node<V>>();
  #global: V | undefined;

  get(window: Window): V | undefined {
    if (window instanceof TimeWindow) return this.#nodeOf(window)?.value;
    if (window instanceof GlobalWindow) return this.#global;
    throw unknownWindow(window);
  }

  set(window: Window, value: V): void {
    if (window instanceof TimeWindow) this.#setTime(window, value);
    else if (window instanceof GlobalWindow) this.#global = value;
    else throw unknownWindow(window);
  }

  delete(window: Window): void {
    if (window instanceof TimeWindow) this.#deleteTime(window);
    else this.#global = undefined;
  }

  *entries(): Generator<[Namespace, V]> {
    if (this.#global !== undefined) yield ['global', this.#global];
    for (const first of this.#byEnd.values()) {
      for (let node: Node<V> | undefined = first; node !== undefined; node = node.next) {
        yield [[node.start, node.end], node.value];
      }
    }
  }

  #nodeOf({ start, end }: TimeWindow): Node<V> | undefined {
    let node = this.#byEnd.get(end);
    while (node !== undefined && node.start !== start) node = node.next;
    return node;
  }

  #setTime(window: TimeWindow, value: V): void {
    const node = this.#nodeOf(window);
    if (node !== undefined) node.value = value;
    else {
      const { start, end } = window;
      this.#byEnd.set(end, { start, end, value, next: this.#byEnd.get(end) });
    }
  }

  #deleteTime({ start, end }: TimeWindow): void {
    const first = this.#byEnd.get(end);
    if (first === undefined) return;
    if (first.start === start) {
      if (first.next === undefined) this.#byEnd.delete(end);
      else this.#byEnd.set(end, first.next);
      return;
    }
    let before = first;
    while (before.next !== undefined && before.next.start !== start) before = before.next;
    before.next = before.next?.next;
  }
}
