/**
 * A process of the simulated world: a warm environment of a function, or a coordinator.
 *
 * 1. Its calls are answered only while it is alive and not frozen; what it had under way when it died may
 *    still take effect, but nobody hears of it.
 * 2. A frozen process goes on where it stood when it thaws, with every promise that it had.
 */
import { RetryableError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { type CallFaults, LATE_MS_MAX } from './fault-mix.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';

const FAULTS_OF_READS: readonly (keyof CallFaults)[] = ['lost', 'slow', 'crash', 'stall'];
const FAULTS_OF_WRITES: readonly (keyof CallFaults)[] = [
  ...FAULTS_OF_READS,
  'appliedButFailed',
  'appliedLate',
  'repeated',
];

/** Share of thaws after which a clock shows something else. */
const JUMPS = 0.1;

type Fault = keyof CallFaults | 'none';

/** One call to a store. */
export interface PortCall<T> {
  /** For the trace. */
  readonly what: string;
  readonly kind: 'read' | 'write';
  /** Takes effect at once; may throw what the caller is to get. */
  readonly effect: () => T;
  /** For the trace. */
  readonly show?: (answer: T) => string;
}

export interface ProcessOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly faults: () => CallFaults;
  /** How far its clock is off. Unit: ms. */
  readonly skewMs: number;
  /** How far it may be off after it was frozen, either way: clocks jump. Unit: ms. @default 0 */
  readonly jumpMs?: number;
}

export class SimulatedProcess {
  readonly name: string;
  readonly random: SeededRandom;
  readonly clock: Clock;
  readonly #options: ProcessOptions;
  readonly #whenFrozen: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];
  #state: 'running' | 'frozen' | 'dead' = 'running';
  #nonces = 0;
  #skewMs: number;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.random = options.scheduler.random.fork();
    this.#skewMs = options.skewMs;
    this.clock = {
      now: () => options.scheduler.now + this.#skewMs,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  /** A name part that no process has had before. */
  readonly nonce = (): string => `${this.name}.${++this.#nonces}`;

  onDeath(react: () => void): void {
    this.#onDeath.push(react);
  }

  log(text: string): void {
    this.#options.scheduler.log(this.name, text);
  }

  kill(why: string): void {
    this.#end(`dies: ${why}`);
  }

  /** It has done what it was there for. */
  end(outcome: string): void {
    this.#end(`ends: ${outcome}`);
  }

  #end(text: string): void {
    if (!this.alive) return;
    this.#state = 'dead';
    this.#whenFrozen.length = 0;
    this.log(text);
    for (const react of this.#onDeath.splice(0)) react();
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    const { jumpMs = 0 } = this.#options;
    if (jumpMs > 0 && this.random.chance(JUMPS)) this.#skewMs = this.random.between(-jumpMs, jumpMs);
    for (const go of this.#whenFrozen.splice(0)) this.#later(this.random.between(0, 3), go);
  }

  /** Runs `go` inside the process after `delayMs`: not while it is frozen, never when it is dead. */
  #later(delayMs: number, go: () => void): () => void {
    return this.#options.scheduler.after(delayMs, () => {
      if (this.#state === 'frozen') this.#whenFrozen.push(go);
      else if (this.#state === 'running') go();
    });
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      this.#later(ms, resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Makes a call with the faults of the moment. */
  call<T>(call: PortCall<T>): Promise<T> {
    const fault = this.#drawFault(call.kind);
    if (fault === 'crash' && this.random.chance(0.5)) {
      this.kill(`before ${call.what}`);
      return new Promise(() => {});
    }
    return new Promise((resolve, reject) => {
      this.#send(call, fault, (outcome) => {
        this.#answer(call, fault, () => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
      });
    });
  }

  /** Answers an invocation of another process, or whatever else is not a store. */
  respond(delayMs: number, go: () => void): void {
    this.#later(delayMs, go);
  }

  #drawFault(kind: 'read' | 'write'): Fault {
    const faults = this.#options.faults();
    let draw = this.random.next();
    for (const name of kind === 'read' ? FAULTS_OF_READS : FAULTS_OF_WRITES) {
      draw -= faults[name];
      if (draw < 0) return name;
    }
    return 'none';
  }

  #send<T>(call: PortCall<T>, fault: Fault, done: (outcome: Outcome<T>) => void): void {
    const { scheduler } = this.#options;
    const apply = (): Outcome<T> => {
      const outcome = outcomeOf(call.effect);
      const shown = outcome.ok ? (call.show?.(outcome.value) ?? '') : String(outcome.error);
      this.log(`${call.what}${fault === 'none' ? '' : ` [${fault}]`} ${shown}`);
      if (!outcome.ok && !(outcome.error instanceof RetryableError)) scheduler.fail(outcome.error);
      return outcome;
    };
    const delayMs = fault === 'slow' ? this.random.spread(1000, 60_000) : this.random.spread(1, 40);
    const unknown: Outcome<T> = { ok: false, error: unknownOutcome(call.what) };
    scheduler.after(delayMs, () => {
      switch (fault) {
        case 'lost':
          this.log(`${call.what} [lost]`);
          return done(unknown);
        case 'appliedButFailed':
          apply();
          return done(unknown);
        case 'appliedLate':
          this.log(`${call.what} [fails, will be applied]`);
          scheduler.after(this.random.spread(20, LATE_MS_MAX), apply);
          return done(unknown);
        case 'repeated':
          apply();
          return void scheduler.after(this.random.between(1, 50), () => done(apply()));
        default:
          return done(apply());
      }
    });
  }

  #answer<T>(call: PortCall<T>, fault: Fault, settle: () => void): void {
    if (fault === 'crash') this.kill(`after ${call.what}`);
    if (fault === 'stall') this.stall(this.random.spread(1000, LATE_MS_MAX));
    this.#later(this.random.spread(1, 20), settle);
  }

  /** Stands still, in the middle of whatever it does. */
  stall(ms: number): void {
    if (this.#state !== 'running') return;
    this.log(`stands still for ${ms} ms`);
    this.freeze();
    this.#options.scheduler.after(ms, () => this.thaw());
  }
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

function outcomeOf<T>(effect: () => T): Outcome<T> {
  try {
    return { ok: true, value: effect() };
  } catch (error) {
    return { ok: false, error };
  }
}

function unknownOutcome(what: string): RetryableError {
  return new RetryableError('IO_FAILED', `${what}: no answer; repeat it.`);
}
