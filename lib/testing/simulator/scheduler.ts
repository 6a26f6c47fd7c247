/**
 * Virtual time: one event after the other, in an order that depends on nothing but the seed.
 *
 * 1. An event runs to its end, with everything that it resolves, before the next one begins.
 * 2. Code under test waits for nothing but events: it has no timer, clock or random number of its own.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventQueue, type QueuedEvent } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Trace } from './trace.ts';

/** Why a run of the scheduler ended: `idle`: nothing is left that could happen. */
export type SchedulerStop = 'done' | 'idle' | 'steps';

export class Scheduler {
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly #queue = new EventQueue();
  #now: number;
  #order = 0;
  #steps = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(random: SeededRandom, trace: Trace, startMs: number) {
    this.random = random;
    this.trace = trace;
    this.#now = startMs;
  }

  /** Unit: ms of virtual time. */
  get now(): number {
    return this.#now;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Runs `run` after `delayMs`; the answer cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const event: QueuedEvent = {
      at: this.#now + Math.ceil(delayMs),
      order: this.#order++,
      run,
      cancelled: false,
    };
    this.#queue.push(event);
    return () => {
      event.cancelled = true;
    };
  }

  log(actor: string, text: string): void {
    this.trace.add(this.#now, actor, text);
  }

  /** Ends the run with an error, from wherever. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Runs events until `done` holds, none is left, or `steps` have been made; throws what failed. */
  async run(steps: number, done: () => boolean): Promise<SchedulerStop> {
    const last = this.#steps + steps;
    while (this.#steps < last) {
      if (done()) return 'done';
      const event = this.#queue.pop();
      if (event === undefined) return 'idle';
      if (event.cancelled) continue;
      this.#now = Math.max(this.#now, event.at);
      this.#steps++;
      event.run();
      await nextTurn();
      if (this.#failure !== undefined) throw this.#failure.error;
    }
    return 'steps';
  }
}
