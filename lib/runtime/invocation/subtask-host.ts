/**
 * SubtaskHost: one warm process that serves the subtasks of a run.
 *
 * 1. (I9) A cached replica has one owner: it leaves the cache when an invocation begins, and returns only
 *    if it equals the log.
 * 2. (I9) An invocation that was frozen while a newer one of its subtask ran touches neither cache nor ports.
 * 3. A failure that running again cannot mend fails the run, once.
 */
import { InvariantError } from '../../core/errors.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { ProtocolRules } from '../../protocol/rules.ts';
import { Invocation, isPassing } from './invocation.ts';
import type { InvocationInput, InvocationOutcome } from './invocation-input.ts';
import { guardPorts, type InvocationContext, type InvocationPorts } from './invocation-ports.ts';
import type { Replica } from './replica.ts';
import { loadReplica } from './subtask-loader.ts';
import type { SubtaskProgram } from './subtask-program.ts';
import type { InputKind } from './version-maker.ts';

export interface SubtaskHostOptions {
  readonly ports: InvocationPorts;
  readonly rules: ProtocolRules;
  /** Hash of plan and code. */
  readonly code: string;
  /** Counts the runs of the job. */
  readonly lineage: number;
  /** A name part that no attempt of any process had before; without `/`. */
  readonly nonce: () => string;
  /** What a vertex reads. */
  readonly inputKindOf: (vertex: string) => InputKind;
  readonly createProgram: (subtask: SubtaskId) => Promise<SubtaskProgram>;
  /** Stops the run; may be called more than once. */
  readonly failRun: (subtask: SubtaskId, error: unknown) => Promise<void>;
}

export class SubtaskHost {
  readonly #options: SubtaskHostOptions;
  /** By subtask path. */
  readonly #cache = new Map<string, Replica>();
  readonly #generations = new Map<string, number>();

  constructor(options: SubtaskHostOptions) {
    this.#options = options;
  }

  /** Delivered at least once; never throws for what the stream or the run can be told. */
  async invoke(input: InvocationInput): Promise<InvocationOutcome> {
    const { rules, inputKindOf, createProgram } = this.#options;
    const { subtask } = input;
    const path = subtaskPath(subtask);
    const generation = (this.#generations.get(path) ?? 0) + 1;
    this.#generations.set(path, generation);
    const mayTouch = () => rules.mayTouchOutside(generation, this.#generations.get(path) ?? generation);
    const cached = this.#cache.get(path);
    this.#cache.delete(path);
    const invocation = new Invocation({
      context: this.#contextOf(subtask, mayTouch),
      input,
      kind: inputKindOf(subtask.vertex),
      create: () => createProgram(subtask),
      cached,
    });
    const { outcome, replica } = await invocation.run();
    if (replica !== undefined) await this.#putBack(path, replica, mayTouch());
    if (outcome.kind === 'failed' && outcome.error !== undefined && !isPassing(outcome.error)) {
      await this.#options.failRun(subtask, outcome.error);
    }
    return outcome;
  }

  /**
   * Loads a subtask and opens its operators beside whatever the cache holds, and commits nothing. Throws what
   * would hinder an invocation.
   */
  async rehearse(subtask: SubtaskId): Promise<void> {
    const context = this.#contextOf(subtask, () => true);
    const replica = await loadReplica(context, () => this.#options.createProgram(subtask));
    try {
      if (!replica.sealed) await replica.start();
    } finally {
      await replica.program.close();
    }
  }

  /** What the cache holds of a subtask. */
  cachedVersion(subtask: SubtaskId): number | undefined {
    return this.#cache.get(subtaskPath(subtask))?.version;
  }

  /** The replica in the cache, to be looked at between invocations. */
  cachedReplica(subtask: SubtaskId): Replica | undefined {
    return this.#cache.get(subtaskPath(subtask));
  }

  async #putBack(path: string, replica: Replica, mayTouch: boolean): Promise<void> {
    const { version, uncommitted, sealed } = replica;
    if (mayTouch && this.#options.rules.mayReturnToCache({ version, uncommitted, sealed })) {
      if (this.#cache.has(path)) throw new InvariantError('INVARIANT', `${path} is cached twice.`);
      this.#cache.set(path, replica);
    } else {
      await replica.program.close();
    }
  }

  #contextOf(subtask: SubtaskId, mayTouch: () => boolean): InvocationContext {
    const { ports, rules, code, lineage, nonce } = this.#options;
    return { ...guardPorts(ports, mayTouch), subtask, rules, code, lineage, nonce };
  }
}
