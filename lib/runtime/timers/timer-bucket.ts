/**
 * Timers of one domain that are due at the same time.
 *
 * They are grouped by window, nearly always into one group; a group maps keys to the sequence number of their
 * registration. A bucket hands its timers out by sequence number. Adding and removing cost one map operation.
 */
import type { CanonicalKey } from '../../core/key.ts';
import type { Window } from '../../core/window/window.ts';
import { KeyedMap } from '../state/keyed-map.ts';
import { sameNamespace } from '../state/namespace.ts';

/** One registered timer. `sequence` orders timers of the same time. */
export interface Timer {
  readonly time: number;
  readonly window: Window | undefined;
  readonly key: unknown;
  readonly canonical: CanonicalKey;
  readonly sequence: number;
}

export class TimerBucket {
  readonly time: number;
  readonly #groups: TimerGroup[] = [];

  constructor(time: number) {
    this.time = time;
  }

  get empty(): boolean {
    return this.#groups.length === 0;
  }

  has(window: Window | undefined, canonical: CanonicalKey): boolean {
    return this.#groupOf(window)?.timers.has(canonical) ?? false;
  }

  /** False if the key has a timer here already. */
  add(timer: Timer): boolean {
    let group = this.#groupOf(timer.window);
    if (group === undefined) {
      group = new TimerGroup(timer.window);
      this.#groups.push(group);
    }
    return group.add(timer);
  }

  find(window: Window | undefined, canonical: CanonicalKey): Timer | undefined {
    const group = this.#groupOf(window);
    const sequence = group?.timers.get(canonical);
    if (group === undefined || sequence === undefined) return undefined;
    const key = group.timers.keyOf(canonical);
    return { time: this.time, window: group.window, key, canonical, sequence };
  }

  /** The removed timer; undefined if there was none. */
  remove(window: Window | undefined, canonical: CanonicalKey): Timer | undefined {
    const group = this.#groupOf(window);
    const timer = this.find(window, canonical);
    if (group === undefined || timer === undefined) return undefined;
    this.#removeFrom(group, canonical);
    return timer;
  }

  /** Removes and returns the timer that was registered first. */
  take(): Timer | undefined {
    let group: TimerGroup | undefined;
    for (const other of this.#groups) {
      if (group === undefined || other.first().sequence < group.first().sequence) group = other;
    }
    if (group === undefined) return undefined;
    const { canonical, sequence } = group.first();
    const key = group.timers.keyOf(canonical);
    this.#removeFrom(group, canonical);
    return { time: this.time, window: group.window, key, canonical, sequence };
  }

  *timers(): Generator<Timer> {
    for (const { window, timers } of this.#groups) {
      for (const [canonical, sequence] of timers.canonicalEntries()) {
        yield { time: this.time, window, key: timers.keyOf(canonical), canonical, sequence };
      }
    }
  }

  #groupOf(window: Window | undefined): TimerGroup | undefined {
    for (const group of this.#groups) if (sameNamespace(group.window, window)) return group;
    return undefined;
  }

  #removeFrom(group: TimerGroup, canonical: CanonicalKey): void {
    group.timers.delete(canonical);
    if (group.timers.size === 0) this.#groups.splice(this.#groups.indexOf(group), 1);
  }
}

/** Timers of one time and window, in order of registration. */
class TimerGroup {
  readonly window: Window | undefined;
  timers = new KeyedMap<number>();
  #last = -1;
  #sorted = true;
  /** Runs over the timers in order, beside their changes; `#head` is where it stands. */
  #cursor: MapIterator<[CanonicalKey, number]> | undefined;
  #head: { readonly canonical: CanonicalKey; readonly sequence: number } | undefined;

  constructor(window: Window | undefined) {
    this.window = window;
  }

  add({ canonical, key, sequence }: Timer): boolean {
    if (this.timers.has(canonical)) return false;
    this.timers.set(canonical, key, sequence);
    // A timer that an undo puts back has an older number than those behind it.
    if (sequence < this.#last) this.#sorted = false;
    else this.#last = sequence;
    return true;
  }

  /** The timer that was registered first; the group is never empty. */
  first(): { readonly canonical: CanonicalKey; readonly sequence: number } {
    if (!this.#sorted) this.#sort();
    let head = this.#head;
    while (head === undefined || this.timers.get(head.canonical) !== head.sequence) {
      this.#cursor ??= this.timers.canonicalEntries();
      const step = this.#cursor.next();
      // A cursor that has reached the end does not see what was added behind it: start over.
      if (step.done) this.#cursor = undefined;
      else head = { canonical: step.value[0], sequence: step.value[1] };
    }
    this.#head = head;
    return head;
  }

  #sort(): void {
    const entries = Array.from(this.timers.canonicalEntries()).sort((a, b) => a[1] - b[1]);
    const sorted = new KeyedMap<number>();
    for (const [canonical, sequence] of entries)
      sorted.set(canonical, this.timers.keyOf(canonical), sequence);
    this.timers = sorted;
    this.#cursor = undefined;
    this.#head = undefined;
    this.#sorted = true;
  }
}
