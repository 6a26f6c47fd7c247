import type { AnySinkRuntime, Committer, Sink, SinkWriter, SinkWriterContext } from '../core/connector.ts';
import { InvariantError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/** What one writer makes visible at one commit. */
interface CollectedPart {
  readonly id: string;
  readonly values: readonly unknown[];
}

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
      async createWriter(context) {
        return new CollectWriter<T>(context);
      },
      async createCommitter(): Promise<Committer<unknown>> {
        // Committables of this sink are made by CollectWriter<T> alone.
        return { commit: async (parts) => commit(parts as readonly CollectedPart[]) };
      },
    };

    function commit(parts: readonly CollectedPart[]): void {
      for (const part of parts) {
        if (committed.has(part.id)) continue;
        committed.add(part.id);
        requireCapacity(values.length + part.values.length);
        // They came in through `write(value: T)`.
        for (const value of part.values) values.push(value as T);
      }
    }
  }
}

class CollectWriter<T> implements SinkWriter<T, unknown> {
  readonly #subtask: number;
  #part = 0;
  #values: T[] = [];

  constructor({ subtask }: SinkWriterContext) {
    this.#subtask = subtask;
  }

  write(value: T): void {
    requireCapacity(this.#values.push(value));
  }

  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly CollectedPart[]> {
    if (this.#values.length === 0) return [];
    const part = { id: `${this.#subtask}:${this.#part++}`, values: this.#values };
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
