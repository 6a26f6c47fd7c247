/**
 * Pending timers of one domain: a binary heap of the distinct times, each with the bucket of its timers.
 *
 * I1 A timer is de-duplicated per (time, window, key).
 * I2 `take` hands timers out in order of time, then of registration, also those added meanwhile.
 * I3 A bucket that deletions have emptied stays in the heap until met; at most half of the heap is garbage.
 */
import { InvariantError } from '../../core/errors.ts';
import type { CanonicalKey } from '../../core/key.ts';
import type { Window } from '../../core/window/window.ts';
import { sameNamespace } from '../state/namespace.ts';
import { type Timer, TimerBucket } from './timer-bucket.ts';
import { TimerChanges } from './timer-changes.ts';

export class TimerQueue {
  readonly #buckets = new Map<number, TimerBucket>();
  #heap: TimerBucket[] = [];
  #garbage = 0;
  #size = 0;
  #nextSequence = 0;
  readonly #changes: TimerChanges | undefined;

  constructor(options: { readonly trackChanges: boolean }) {
    this.#changes = options.trackChanges ? new TimerChanges(this) : undefined;
  }

  get size(): number {
    return this.#size;
  }

  nextSequence(): number {
    return this.#nextSequence++;
  }

  /** The registered timer of the same time, window and key. */
  find({ time, window, canonical }: Timer): Timer | undefined {
    return this.#buckets.get(time)?.find(window, canonical);
  }

  /** What has changed since changes were last collected. Throws InvariantError if that is not remembered. */
  collectChanges(): ReturnType<TimerChanges['collect']> {
    if (this.#changes !== undefined) return this.#changes.collect(this.#nextSequence);
    throw new InvariantError('INVARIANT', 'Changes of timers were collected but are not tracked.');
  }

  /** What has changed so far counts as collected. */
  settleChanges(): void {
    this.#changes?.settle(this.#nextSequence);
  }

  has(time: number, window: Window | undefined, canonical: CanonicalKey): boolean {
    return this.#buckets.get(time)?.has(window, canonical) ?? false;
  }

  /** Does nothing if the same timer is registered already. */
  add(timer: Timer): void {
    let bucket = this.#buckets.get(timer.time);
    if (bucket === undefined) {
      bucket = new TimerBucket(timer.time);
      this.#buckets.set(timer.time, bucket);
      this.#heap.push(bucket);
      this.#siftUp(this.#heap.length - 1);
    }
    if (!bucket.add(timer)) return;
    this.#size++;
    this.#changes?.added(timer);
  }

  /** The removed timer; undefined if there was none. */
  remove(time: number, window: Window | undefined, canonical: CanonicalKey): Timer | undefined {
    const bucket = this.#buckets.get(time);
    const timer = bucket?.remove(window, canonical);
    if (bucket === undefined || timer === undefined) return undefined;
    this.#size--;
    this.#changes?.removed(timer);
    if (bucket.empty) {
      this.#buckets.delete(time);
      this.#garbage++;
      if (this.#garbage * 2 > this.#heap.length) this.#compact();
    }
    return timer;
  }

  /** The earliest time for which a timer waits. Unit: ms since the epoch. */
  nextTime(): number | undefined {
    while (this.#heap[0]?.empty) {
      this.#garbage--;
      this.#pop();
    }
    return this.#heap[0]?.time;
  }

  /** Removes and returns the first timer that is due at `limit`; undefined if none is. */
  take(limit: number): Timer | undefined {
    const time = this.nextTime();
    const bucket = this.#heap[0];
    if (time === undefined || time > limit || bucket === undefined) return undefined;
    const timer = bucket.take();
    this.#size--;
    if (timer !== undefined) this.#changes?.removed(timer);
    if (bucket.empty) {
      this.#buckets.delete(time);
      this.#pop();
    }
    return timer;
  }

  count(window: Window): number {
    let count = 0;
    for (const timer of this.#timers()) if (sameNamespace(timer.window, window)) count++;
    return count;
  }

  /** The timers that are due at `limit`, in any order; it looks at no others but the first of them. */
  *due(limit: number): Generator<Timer> {
    const waiting = [0];
    for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
      const bucket = this.#heap[index];
      if (bucket === undefined || bucket.time > limit) continue;
      yield* bucket.timers();
      waiting.push(2 * index + 1, 2 * index + 2);
    }
  }

  /** Every timer in order of time, then of registration. */
  inOrder(): readonly Timer[] {
    return Array.from(this.#timers()).sort((a, b) => a.time - b.time || a.sequence - b.sequence);
  }

  *#timers(): Generator<Timer> {
    for (const bucket of this.#buckets.values()) yield* bucket.timers();
  }

  #compact(): void {
    this.#heap = Array.from(this.#buckets.values()).sort((a, b) => a.time - b.time);
    this.#garbage = 0;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const bucket = heap[start]!;
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex]!;
      if (parent.time <= bucket.time) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = bucket;
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const bucket = heap[start]!;
    let index = start;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      if (childIndex + 1 < heap.length && heap[childIndex + 1]!.time < heap[childIndex]!.time) childIndex++;
      const child = heap[childIndex]!;
      if (child.time >= bucket.time) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = bucket;
  }
}
