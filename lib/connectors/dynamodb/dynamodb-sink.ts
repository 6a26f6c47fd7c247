import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AnySinkRuntime, Sink } from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';

/** Where the items go. */
export interface DynamoDbTarget {
  readonly table: string;
  /** Field that is the partition key of the table. */
  readonly partitionKey: string;
  /** Field that is its sort key. */
  readonly sortKey?: string;
  readonly client: () => Promise<DynamoDBClient>;
}

/**
 * Writes the records of a file sink as items of a table, exactly once: the fields of their JSON are
 * attributes, the last record of a primary key wins.
 *
 * Each item also has the attribute `millraceVersion`: where its record stands among all that the job has
 * written. An item is never overwritten with an older record, so the table ends up as if each record had been
 * written once, if all records of one primary key come to one subtask of one sink: key the stream by it. A
 * job that starts over without the records of its runs counts from the beginning: give it a table without
 * versions. Other attributes of an item that is there already are lost; items are never deleted. Buckets of
 * the file sink mean nothing here.
 *
 * Throws UserError BINDING_INVALID unless the file sink writes NDJSON; RecordError KEY_INVALID for a record
 * without a primary key, RECORD_INVALID or RECORD_TOO_LONG for one that is no item.
 */
export class DynamoDbSink<T> implements Sink<T> {
  readonly connector = 'dynamodb';
  readonly description: string;
  readonly #spec: FileSinkSpec<T>;
  readonly #target: DynamoDbTarget;

  constructor(spec: FileSinkSpec<T>, target: DynamoDbTarget) {
    if (spec.format.kind !== 'ndjson') {
      throw new UserError(
        'BINDING_INVALID',
        `Sink "${spec.folder}" writes ${spec.format.kind}; items are made of JSON: bind a FileSink.ndjson.`,
      );
    }
    this.#spec = spec;
    this.#target = target;
    this.description = `items dynamodb ${target.table}`;
  }

  async load(): Promise<AnySinkRuntime<T>> {
    const { createDynamoDbSinkRuntime } = await import('./dynamodb-sink-runtime.ts');
    return createDynamoDbSinkRuntime(this.#spec, this.#target);
  }
}
