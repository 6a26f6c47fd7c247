/**
 * Timers of one domain that have come or gone since changes were last collected.
 *
 * 1  A timer that came and went within the interval is not told of.
 * 2  A timer that went and came again is told as both: it has moved behind those of the same time.
 */
import type { Timer } from './timer-bucket.ts';

/** Timers that have come are looked through once there are this many more than there can be. */
const SLACK = 1024;

/** The timers that there are. */
interface LiveTimers {
  readonly size: number;
  /** The timer of the same time, window and key. */
  find(timer: Timer): Timer | undefined;
}

export class TimerChanges {
  readonly #live: LiveTimers;
  #added: Timer[] = [];
  #removed: Timer[] = [];
  /** Sequence numbers below this one are of timers that have been collected or applied. */
  #known = 0;

  constructor(live: LiveTimers) {
    this.#live = live;
  }

  added(timer: Timer): void {
    this.#added.push(timer);
    if (this.#added.length <= 2 * this.#live.size + SLACK) return;
    this.#added = this.#added.filter((other) => this.#liveOf(other) !== undefined);
  }

  removed(timer: Timer): void {
    if (timer.sequence < this.#known) this.#removed.push(timer);
  }

  /** Every timer so far counts as known. */
  settle(upcomingSequence: number): void {
    this.#known = upcomingSequence;
    this.#added = [];
    this.#removed = [];
  }

  /** Forgets what it answers. Those that have come are in the order of their registration. */
  collect(upcomingSequence: number): {
    readonly removed: readonly Timer[];
    readonly added: readonly Timer[];
  } {
    // A timer that an undo has put back is where it was.
    const removed = this.#removed.filter((timer) => this.#liveOf(timer) === undefined);
    const added: Timer[] = [];
    let last = this.#known - 1;
    for (const timer of this.#added.sort((a, b) => a.sequence - b.sequence)) {
      const live = timer.sequence > last ? this.#liveOf(timer) : undefined;
      if (live === undefined) continue;
      added.push(live);
      last = timer.sequence;
    }
    this.settle(upcomingSequence);
    return { removed, added };
  }

  /** Undefined if the timer has gone, be it that the key has another one at the same time by now. */
  #liveOf(timer: Timer): Timer | undefined {
    const live = this.#live.find(timer);
    return live?.sequence === timer.sequence ? live : undefined;
  }
}
