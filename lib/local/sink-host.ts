import type { AnySinkRuntime, Committer } from '../core/connector.ts';
import type { SinkOperator } from '../runtime/task/sink-operator.ts';

/** The committer of one sink and the committables its writers have handed over. */
export class SinkHost {
  readonly runtime: AnySinkRuntime<unknown>;
  readonly #writers: SinkOperator[] = [];
  #committer: Committer<unknown> | undefined;
  #committables: unknown[] = [];

  constructor(runtime: AnySinkRuntime<unknown>) {
    this.runtime = runtime;
  }

  addWriter(sink: SinkOperator): void {
    this.#writers.push(sink);
  }

  /** Gathers what writers can make visible; everything they have when `endOfInput`. */
  async prepareCommit(endOfInput: boolean): Promise<void> {
    for (const writer of this.#writers) {
      if (endOfInput) await writer.flush(true);
      this.#committables.push(...(await writer.prepareCommit(endOfInput)));
    }
  }

  async commit(): Promise<void> {
    if (this.#committables.length === 0) return;
    this.#committer ??= await this.runtime.createCommitter?.();
    const committables = this.#committables;
    this.#committables = [];
    await this.#committer?.commit(committables);
  }
}
