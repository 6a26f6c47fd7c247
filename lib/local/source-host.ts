import { isDeepStrictEqual } from 'node:util';
import type { AnySourceRuntime, SplitEnumerator, StateScope } from '../core/connector.ts';
import { InvariantError } from '../core/errors.ts';
import type { OperatorStateDelta } from '../core/log/state-delta.ts';
import type { Clock } from '../ports/clock.ts';
import type { SourceOperator } from '../runtime/task/source-operator.ts';

/** State of an enumerator that answers all of it at once. */
const CHECKPOINT = 'enumerator';

/**
 * Runs the enumerator of one source beside its readers. Requests for splits wait until the reader that made
 * them is between two batches, so that no reader is called from within its own call.
 */
export class SourceHost {
  readonly runtime: AnySourceRuntime<unknown>;
  readonly #readers = new Map<number, SourceOperator>();
  readonly #clock: Clock;
  readonly #parallelism: number;
  #enumerator: SplitEnumerator<unknown> | undefined;
  #restored: readonly OperatorStateDelta[] = [];
  #storedCheckpoint: unknown;
  #requests: number[] = [];
  #nextDiscovery: number | undefined;
  #discovery: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    runtime: AnySourceRuntime<unknown>,
    options: { readonly parallelism: number; readonly clock: Clock },
  ) {
    this.runtime = runtime;
    this.#clock = options.clock;
    this.#parallelism = options.parallelism;
  }

  /** Finds what there is to read, or goes on from the state applied before. */
  async start(): Promise<void> {
    const restored = this.#restored;
    const enumerator = this.runtime.createEnumerator(
      {
        parallelism: this.#parallelism,
        assignSplit: (split, subtask) => this.#readers.get(subtask)?.reader.addSplits([split]),
        signalNoMoreSplits: (subtask) => this.#readers.get(subtask)?.reader.notifyNoMoreSplits(),
        currentTimeMs: () => this.#clock.now(),
      },
      this.#storedCheckpoint,
    );
    this.#enumerator = enumerator;
    if (restored.length > 0) enumerator.applyState?.(restored);
    await enumerator.start();
    if (enumerator.discover !== undefined) this.#scheduleDiscovery();
  }

  /**
   * State of the enumerator: what has changed, or all. Call it in the same turn of the event loop as
   * `collectState` of the readers: discovery hands out splits between turns.
   */
  collectState(scope: StateScope): readonly OperatorStateDelta[] {
    const enumerator = this.#started();
    if (enumerator.collectState !== undefined) return enumerator.collectState(scope);
    const checkpoint = enumerator.snapshotState();
    if (scope === 'changes' && isDeepStrictEqual(checkpoint, this.#storedCheckpoint)) return [];
    const value = structuredClone(checkpoint);
    if (scope === 'changes') this.#storedCheckpoint = value;
    return [{ name: CHECKPOINT, redistribution: 'union', changes: [{ op: 'put', part: CHECKPOINT, value }] }];
  }

  /** State of the enumerator of an earlier attempt; before `start`. */
  applyState(states: readonly OperatorStateDelta[]): void {
    this.#restored = [...this.#restored, ...states];
    for (const { name, changes } of states) {
      if (name !== CHECKPOINT) continue;
      for (const change of changes) this.#storedCheckpoint = change.op === 'put' ? change.value : undefined;
    }
  }

  addReader(source: SourceOperator): void {
    this.#readers.set(source.context.subtask, source);
  }

  requestSplit(subtask: number): void {
    this.#requests.push(subtask);
  }

  /** Answers waiting requests and discovers when it is time; true if anything was answered. */
  advance(now: number): boolean {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#nextDiscovery !== undefined && this.#nextDiscovery <= now) this.#discover();
    if (this.#requests.length === 0) return false;
    const requests = this.#requests;
    this.#requests = [];
    for (const subtask of requests) this.#started().handleSplitRequest(subtask);
    return true;
  }

  /** When `advance` has something to do. Unit: ms since the epoch. */
  nextDue(): number | undefined {
    return this.#nextDiscovery;
  }

  #discover(): void {
    this.#nextDiscovery = undefined;
    this.#discovery = (this.#enumerator?.discover?.() ?? Promise.resolve()).then(
      () => this.#scheduleDiscovery(),
      (error: unknown) => {
        this.#failure = { error };
      },
    );
  }

  #scheduleDiscovery(): void {
    this.#nextDiscovery = this.#clock.now() + (this.#enumerator?.discoveryIntervalMs ?? 0);
  }

  async close(): Promise<void> {
    await this.#discovery;
    await this.#enumerator?.close();
  }

  #started(): SplitEnumerator<unknown> {
    if (this.#enumerator !== undefined) return this.#enumerator;
    throw new InvariantError('INVARIANT', 'An enumerator was asked for splits before it was started.');
  }
}
