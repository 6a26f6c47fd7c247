import type { AnySinkRuntime, CommitRequest, Committer, Sink, SinkWriter } from '../core/connector.ts';
import { InvariantError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/**
 * Keeps what it gets in memory, for tests and small results.
 *
 * Throws InvariantError CAPACITY_EXCEEDED above LIMITS.collectedRecordsMax records.
 */
export class CollectSink<T> implements Sink<T> {
  readonly connector = 'collect';
  readonly description = 'values in memory';
  readonly #values: T[] = [];

  /** The records committed so far, in order of arrival; a run clears those of the run before. */
  get values(): T[] {
    return this.#values;
  }

  async load(): Promise<AnySinkRuntime<T>> {
    const values = this.#values;
    const committed = new Set<string>();
    return {
      async prepare() {
        values.length = 0;
        committed.clear();
      },
      async createWriter() {
        return new CollectWriter<T>();
      },
      async createCommitter(): Promise<Committer<unknown>> {
        return { commit: async (requests) => commit(requests) };
      },
    };

    function commit(requests: readonly CommitRequest<unknown>[]): void {
      for (const { id, committable } of requests) {
        if (committed.has(id.text)) continue;
        committed.add(id.text);
        // Committables of this sink are made by CollectWriter<T> alone, of what came in through `write`.
        const part = committable as readonly T[];
        requireCapacity(values.length + part.length);
        for (const value of part) values.push(value);
      }
    }
  }
}

class CollectWriter<T> implements SinkWriter<T, readonly T[]> {
  #values: T[] = [];

  write(value: T): void {
    requireCapacity(this.#values.push(value));
  }

  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly (readonly T[])[]> {
    if (this.#values.length === 0) return [];
    const part = this.#values;
    this.#values = [];
    return [part];
  }

  async close(): Promise<void> {}
}

function requireCapacity(records: number): void {
  if (records <= LIMITS.collectedRecordsMax) return;
  throw new InvariantError(
    'CAPACITY_EXCEEDED',
    `A collecting sink cannot hold more than ${LIMITS.collectedRecordsMax} records; use FileSink.`,
  );
}
