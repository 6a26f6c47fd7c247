import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { AnySinkRuntime, Sink } from '../../core/connector.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';

/** Where the records go. */
export interface KinesisTarget {
  /** Name of the stream. */
  readonly stream: string;
  /**
   * Field whose value is the partition key.
   * @default - records are spread over the shards
   */
  readonly partitionKey?: string;
  readonly client: () => Promise<KinesisClient>;
}

/**
 * Writes the lines of a file sink as records of a Kinesis stream, at least once: what was sent when an
 * attempt failed is sent again. Of the records that a subtask sends with one partition key the last one comes
 * last, though some before it may come again. Buckets of the file sink mean nothing here.
 *
 * Throws RecordError KEY_INVALID for a record without a partition key, RECORD_TOO_LONG above 1 MiB.
 */
export class KinesisSink<T> implements Sink<T> {
  readonly connector = 'kinesis';
  readonly description: string;
  readonly #spec: FileSinkSpec<T>;
  readonly #target: KinesisTarget;

  constructor(spec: FileSinkSpec<T>, target: KinesisTarget) {
    this.#spec = spec;
    this.#target = target;
    this.description = `${spec.format.kind} kinesis ${target.stream}`;
  }

  async load(): Promise<AnySinkRuntime<T>> {
    const { createKinesisSinkRuntime } = await import('./kinesis-sink-runtime.ts');
    return createKinesisSinkRuntime(this.#spec, this.#target);
  }
}
