import type { AnySinkRuntime, Committer } from '../core/connector.ts';
import type { CommitPlace, SinkOperator } from '../runtime/task/sink-operator.ts';

/** The writers of one sink and the committer of what they hand over. */
export class SinkHost {
  readonly runtime: AnySinkRuntime<unknown>;
  readonly #writers: SinkOperator[] = [];
  #committer: Committer<unknown> | undefined;

  constructor(runtime: AnySinkRuntime<unknown>) {
    this.runtime = runtime;
  }

  addWriter(sink: SinkOperator): void {
    this.#writers.push(sink);
  }

  /**
   * Once, when the writers of a run that goes on are open: commits what was about to be committed, then
   * removes what was not.
   */
  async recover(): Promise<void> {
    await this.commit();
    await this.runtime.recover?.();
  }

  /**
   * Gathers what writers can make visible; everything they have when `endOfInput`. When it resolves, that and
   * what the state of the writers will say is on the device.
   */
  async prepareCommit(endOfInput: boolean, place: CommitPlace): Promise<void> {
    for (const writer of this.#writers) {
      await writer.flush(endOfInput);
      await writer.prepareCommit(endOfInput, place);
    }
  }

  /** Makes visible what was gathered; in a durable job after it went into the log. */
  async commit(): Promise<void> {
    const requests = this.#writers.flatMap((writer) => writer.pending);
    if (requests.length === 0) return;
    this.#committer ??= await this.runtime.createCommitter?.();
    await this.#committer?.commit(requests);
    for (const writer of this.#writers) writer.committed();
  }
}
