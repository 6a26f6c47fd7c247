import type { AnySourceRuntime, SourceSplit, SplitEnumerator } from '../core/connector.ts';
import type { Clock } from '../ports/clock.ts';
import type { SourceOperator } from '../runtime/task/source-operator.ts';

/**
 * Runs the enumerator of one source beside its readers. Requests for splits wait until the reader that made
 * them is between two batches, so that no reader is called from within its own call.
 */
export class SourceHost {
  readonly runtime: AnySourceRuntime<unknown>;
  readonly #enumerator: SplitEnumerator<SourceSplit, unknown>;
  readonly #readers = new Map<number, SourceOperator>();
  readonly #clock: Clock;
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
    this.#enumerator = runtime.createEnumerator({
      parallelism: options.parallelism,
      assignSplit: (split, subtask) => this.#readers.get(subtask)?.reader.addSplits([split]),
      signalNoMoreSplits: (subtask) => this.#readers.get(subtask)?.reader.notifyNoMoreSplits(),
      currentTimeMs: () => options.clock.now(),
    });
  }

  async start(): Promise<void> {
    await this.#enumerator.start();
    if (this.#enumerator.discover !== undefined) this.#scheduleDiscovery();
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
    for (const subtask of requests) this.#enumerator.handleSplitRequest(subtask);
    return true;
  }

  /** When `advance` has something to do. Unit: ms since the epoch. */
  nextDue(): number | undefined {
    return this.#nextDiscovery;
  }

  #discover(): void {
    this.#nextDiscovery = undefined;
    this.#discovery = (this.#enumerator.discover?.() ?? Promise.resolve()).then(
      () => this.#scheduleDiscovery(),
      (error: unknown) => {
        this.#failure = { error };
      },
    );
  }

  #scheduleDiscovery(): void {
    this.#nextDiscovery = this.#clock.now() + (this.#enumerator.discoveryIntervalMs ?? 0);
  }

  async close(): Promise<void> {
    await this.#discovery;
    await this.#enumerator.close();
  }
}
