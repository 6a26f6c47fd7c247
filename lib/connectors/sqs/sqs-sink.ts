import type { SQSClient } from '@aws-sdk/client-sqs';
import type { AnySinkRuntime, Sink } from '../../core/connector.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';

/** Where the messages go. */
export interface SqsTarget {
  readonly queueUrl: string;
  readonly client: () => Promise<SQSClient>;
}

/**
 * Writes the lines of a file sink as messages of a queue, at least once: what was sent when an attempt failed
 * is sent again. A FIFO queue drops what is repeated within five minutes; its message groups are the subtasks
 * of the sink, and a group is in the order of the records unless the queue refuses some messages of a request
 * and takes others. Buckets of the file sink mean nothing here.
 *
 * Throws RecordError RECORD_TOO_LONG above 256 KiB, RECORD_INVALID for text that no queue takes.
 */
export class SqsSink<T> implements Sink<T> {
  readonly connector = 'sqs';
  readonly description: string;
  readonly #spec: FileSinkSpec<T>;
  readonly #target: SqsTarget;

  constructor(spec: FileSinkSpec<T>, target: SqsTarget) {
    this.#spec = spec;
    this.#target = target;
    this.description = `${spec.format.kind} sqs ${target.queueUrl}`;
  }

  async load(): Promise<AnySinkRuntime<T>> {
    const { createSqsSinkRuntime } = await import('./sqs-sink-runtime.ts');
    return createSqsSinkRuntime(this.#spec, this.#target);
  }
}
