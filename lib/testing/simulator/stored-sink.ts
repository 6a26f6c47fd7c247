import type { AnySinkRuntime, Sink, SinkWriter } from '../../core/connector.ts';
import type { SinkPort } from './simulated-job.ts';

/** What a sink of one process writes with. */
export interface StoredSinkPorts {
  readonly sink: SinkPort;
}

/** Stores what it gets once for each committable, however often that is committed. */
export class StoredSink<T> implements Sink<T> {
  readonly connector = 'simulated-store';
  readonly description = 'simulated store';
  readonly #ports: StoredSinkPorts;
  readonly #mark: string;

  /** `mark` stands before every value. */
  constructor(ports: StoredSinkPorts, mark: string) {
    this.#ports = ports;
    this.#mark = mark;
  }

  async load(): Promise<AnySinkRuntime<T>> {
    const { sink } = this.#ports;
    const mark = this.#mark;
    return {
      createWriter: async () => new PartWriter<T>(mark),
      createCommitter: async () => ({
        commit: async (requests) => {
          for (const { id, committable } of requests) {
            // Committables of this sink are made by PartWriter alone.
            await sink.store(id, committable as readonly string[]);
          }
        },
      }),
    };
  }
}

class PartWriter<T> implements SinkWriter<T, readonly string[]> {
  readonly #mark: string;
  #values: string[] = [];

  constructor(mark: string) {
    this.#mark = mark;
  }

  write(value: T): void {
    this.#values.push(`${this.#mark}${String(value)}`);
  }

  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly (readonly string[])[]> {
    return this.#values.length === 0 ? [] : [this.#values.splice(0)];
  }

  async close(): Promise<void> {}
}
