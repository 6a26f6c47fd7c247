/** A simulated process without faults, whose time passes as long as something waits for it. */
import type { CallFaults } from '../../lib/testing/simulator/fault-mix.ts';
import { SimulatedProcess } from '../../lib/testing/simulator/process.ts';
import { Scheduler } from '../../lib/testing/simulator/scheduler.ts';
import { SeededRandom } from '../../lib/testing/simulator/seeded-random.ts';
import { Trace } from '../../lib/testing/simulator/trace.ts';

const NO_CALL_FAULTS: CallFaults = {
  ...{ lost: 0, appliedButFailed: 0, appliedLate: 0, repeated: 0, slow: 0, crash: 0, stall: 0 },
};
const STEPS_MAX = 1_000_000;

export class VirtualProcess {
  readonly scheduler: Scheduler;
  readonly process: SimulatedProcess;
  #waiting = 0;
  #running: Promise<unknown> | undefined;

  constructor({ startMs = Date.now(), skewMs = 0 } = {}) {
    this.scheduler = new Scheduler(new SeededRandom(1), new Trace(0, startMs), startMs);
    const { scheduler } = this;
    this.process = new SimulatedProcess({ name: 'process', scheduler, faults: () => NO_CALL_FAULTS, skewMs });
  }

  /** The port with time passing while its calls are under way. */
  driven<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]) => {
          const answer: unknown = Reflect.apply(member, target, args);
          if (answer instanceof Promise) return this.#during(answer);
          // What is no promise is what a listing gives.
          return this.#drivenListing(answer as AsyncIterable<unknown>);
        };
      },
    });
  }

  async *#drivenListing(listing: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    const iterator = listing[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#during(iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  async #during<T>(answer: Promise<T>): Promise<T> {
    this.#waiting++;
    this.#running ??= this.#run();
    try {
      return await Promise.race([answer, this.#running.then(() => answer)]);
    } finally {
      this.#waiting--;
    }
  }

  async #run(): Promise<void> {
    // A call that has just been made may not have reached its store.
    await Promise.resolve();
    let stop = await this.scheduler.run(STEPS_MAX, () => this.#waiting === 0);
    // The next call may come before the end of the last run is known.
    while (stop === 'done' && this.#waiting > 0) {
      stop = await this.scheduler.run(STEPS_MAX, () => this.#waiting === 0);
    }
    this.#running = undefined;
  }
}
