import type { AnySinkRuntime, Sink, SinkWriter } from '../../core/connector.ts';
import type { SinkPort } from './simulated-job.ts';

interface Part {
  readonly id: string;
  readonly values: readonly unknown[];
}

/** What a sink of one process writes with. */
export interface StoredSinkPorts {
  readonly sink: SinkPort;
  /** A name part that nobody had before. */
  readonly nonce: () => string;
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
    const { sink, nonce } = this.#ports;
    const mark = this.#mark;
    return {
      createWriter: async () => new PartWriter<T>(nonce, mark),
      createCommitter: async () => ({
        commit: async (requests) => {
          for (const { committable } of requests) {
            // Committables of this sink are made by PartWriter alone.
            const { id, values } = committable as Part;
            await sink.store(id, values);
          }
        },
      }),
    };
  }
}

class PartWriter<T> implements SinkWriter<T, Part> {
  readonly #nonce: () => string;
  readonly #mark: string;
  #values: string[] = [];

  constructor(nonce: () => string, mark: string) {
    this.#nonce = nonce;
    this.#mark = mark;
  }

  write(value: T): void {
    this.#values.push(`${this.#mark}${String(value)}`);
  }

  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly Part[]> {
    if (this.#values.length === 0) return [];
    return [{ id: this.#nonce(), values: this.#values.splice(0) }];
  }

  async close(): Promise<void> {}
}
