/**
 * A function with its warm environments: every invocation goes to any idle one, or to a new one.
 *
 * An environment serves one invocation at a time. It is frozen when the invocation has returned, with
 * everything that it left under way, until the next one comes; it may be gone by then.
 */
import type { SubtaskFold } from '../../coordinator/subtask-fold.ts';
import { FencedError, RetryableError } from '../../core/errors.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import type { SubtaskRequest } from '../../ports/subtask-invoker.ts';
import type { FaultMix } from './fault-mix.ts';
import { SimulatedProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { ShardRecord } from './shard.ts';

/** What an invocation brings. */
export type FunctionInput =
  | { readonly kind: 'batch'; readonly shard: string; readonly records: readonly ShardRecord[] }
  | { readonly kind: 'request'; readonly request: SubtaskRequest };

/** The code of a function in one environment. */
export interface FunctionHost {
  invoke(subtask: SubtaskId, input: FunctionInput, deadlineMs: number): Promise<FunctionResult>;
  /** What the cache holds of a subtask that has run; undefined for nothing. */
  cached(subtask: SubtaskId): CachedFold | undefined;
}

/** What a cache holds. */
export interface CachedFold {
  readonly fold: SubtaskFold;
  /** The operator whose keyed state is not in it, because it is in a table. */
  readonly elsewhere: string | undefined;
}

/** `firstFailed`: sequence number of the first record that was not processed; undefined: nobody knows. */
export type FunctionResult =
  | { readonly kind: 'success' }
  | { readonly kind: 'failed'; readonly firstFailed: string | undefined; readonly error: unknown };

export interface FunctionPoolOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly faults: () => FaultMix;
  readonly createHost: (process: SimulatedProcess, code: CodeOwner) => FunctionHost;
  /** Is told of every invocation that has returned, when its environment is frozen again. */
  readonly returned: (subtask: SubtaskId, host: FunctionHost) => void;
  /** Whether a new environment may get other code. */
  readonly mayMistake: () => boolean;
  readonly timeoutMs: number;
  readonly environmentsMax: number;
}

/** In whose hands an environment is: another code than that of the run is a deployment gone wrong. */
export type CodeOwner = 'run' | 'other';

interface Return {
  readonly subtask: SubtaskId;
  readonly environment: Environment;
  readonly result: FunctionResult;
  readonly finish: (result: FunctionResult) => void;
  readonly isOpen: () => boolean;
}

interface Environment {
  readonly process: SimulatedProcess;
  readonly host: FunctionHost;
  readonly code: CodeOwner;
  busy: boolean;
}

export class FunctionPool {
  readonly #options: FunctionPoolOptions;
  readonly #random: SeededRandom;
  readonly #environments: Environment[] = [];
  readonly #lastOf = new Map<string, Environment>();
  #created = 0;

  constructor(options: FunctionPoolOptions) {
    this.#options = options;
    this.#random = options.scheduler.random.fork();
  }

  /** Runs one invocation; `done` is called once, also when its environment dies. */
  invoke(subtask: SubtaskId, input: FunctionInput, done: (outcome: FunctionResult) => void): void {
    const { scheduler, timeoutMs } = this.#options;
    const environment = this.#chooseFor(subtaskPath(subtask));
    const { process, host } = environment;
    environment.busy = true;
    process.thaw();
    process.log(`runs ${subtaskPath(subtask)} ${showInput(input)}`);
    let open = true;
    const finish = (outcome: FunctionResult): void => {
      if (!open) return;
      open = false;
      cancelTimeout();
      environment.busy = false;
      done(outcome);
    };
    const cancelTimeout = scheduler.after(timeoutMs, () => process.kill('timeout'));
    if (this.#random.chance(this.#options.faults().abandon)) {
      scheduler.after(this.#random.spread(5, 2000), () => {
        if (!open) return;
        process.log('is given up and frozen');
        process.freeze();
        finish(unknownFailure(undefined));
      });
    }
    process.onDeath(() => finish(unknownFailure(new Error('The environment died.'))));
    host.invoke(subtask, input, process.clock.now() + timeoutMs).then(
      (result) => this.#returned({ subtask, environment, result, finish, isOpen: () => open }),
      (error: unknown) =>
        this.#returned({
          ...{ subtask, environment, finish },
          result: unknownFailure(error),
          isOpen: () => open,
        }),
    );
  }

  #returned({ subtask, environment, result, finish, isOpen }: Return): void {
    if (!isOpen()) return;
    const { process, host } = environment;
    process.log(`returns ${showResult(result)}`);
    if (result.kind === 'failed' && !isExpected(result.error)) this.#options.scheduler.fail(result.error);
    process.freeze();
    try {
      this.#options.returned(subtask, host);
    } catch (error) {
      this.#options.scheduler.fail(error);
    }
    finish(result);
  }

  /** Ends the environments with other code. */
  mend(): void {
    for (const { process, code } of this.#environments) if (code === 'other') process.kill('rolled back');
  }

  #chooseFor(subtask: string): Environment {
    const { faults, environmentsMax } = this.#options;
    const { recycle, scatter } = faults();
    const alive = this.#environments.filter(({ process }) => process.alive);
    this.#environments.splice(0, this.#environments.length, ...alive);
    const idle = this.#environments.filter(({ busy }) => !busy);
    if (idle.length > 0 && this.#random.chance(recycle)) {
      this.#random.pick(idle).process.kill('recycled');
      return this.#chooseFor(subtask);
    }
    const last = this.#lastOf.get(subtask);
    const sticky = last !== undefined && idle.includes(last) && !this.#random.chance(scatter);
    const room = alive.length < environmentsMax;
    const fresh = idle.length === 0 || (room && this.#random.chance(scatter / 2));
    const chosen = sticky ? last : fresh ? this.#create() : this.#random.pick(idle);
    this.#lastOf.set(subtask, chosen);
    return chosen;
  }

  #create(): Environment {
    const { name, scheduler, faults, createHost, mayMistake } = this.#options;
    const { clockSkewMs: skew, otherCode } = faults();
    const code: CodeOwner = mayMistake() && this.#random.chance(otherCode) ? 'other' : 'run';
    const process = new SimulatedProcess({
      name: `${name}#${++this.#created}`,
      scheduler,
      faults,
      skewMs: skew === 0 ? 0 : this.#random.between(-skew, skew),
      jumpMs: skew,
    });
    if (code === 'other') process.log('has the code of another run');
    const environment = { process, host: createHost(process, code), code, busy: false };
    this.#environments.push(environment);
    return environment;
  }
}

/** What a function may fail with; anything else is a defect. */
function isExpected(error: unknown): boolean {
  // Undefined: nothing went wrong, but not everything is done.
  return error === undefined || error instanceof RetryableError || error instanceof FencedError;
}

function unknownFailure(error: unknown): FunctionResult {
  return { kind: 'failed', firstFailed: undefined, error };
}

function showResult(result: FunctionResult): string {
  if (result.kind === 'success') return 'success';
  return `failure from ${result.firstFailed ?? 'the first'}: ${String(result.error)}`;
}

function showInput(input: FunctionInput): string {
  if (input.kind === 'request') return input.request.kind;
  const { shard, records } = input;
  return `${records.length} of ${shard} from ${records[0]?.sequenceNumber ?? '-'}`;
}
