/** What a task function is invoked with. */
import type { DynamoDBRecord, DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda';
import type { SubtaskEvent } from '../lib/adapters/lambda/lambda-subtask-invoker.ts';
import { InvariantError } from '../lib/core/errors.ts';
import type { DeliveredRecord } from '../lib/runtime/invocation/invocation-input.ts';

/** Its mapping has a tumbling window for the sake of `shardId`; a window may end without records. */
export interface TableEvent extends DynamoDBStreamEvent {
  readonly shardId: string;
}

export type TaskEvent = KinesisStreamEvent | TableEvent | SubtaskEvent;

/** A batch of one shard. */
export interface ShardBatch {
  /** Name of the stream, or the ARN of that of a table. */
  readonly stream: string;
  readonly shardId: string;
  readonly records: readonly DeliveredRecord[];
  /** Of a stream of frames these are the runs of its frames. */
  readonly partitionKeys: ReadonlySet<string>;
}

export function isRequest(event: TaskEvent): event is SubtaskEvent {
  return 'millrace' in event;
}

/** True for a batch of the stream of a table. */
export function isOfTable(event: TaskEvent): event is TableEvent {
  return 'shardId' in event;
}

/**
 * The batch of an event; undefined if it has no records. Throws InvariantError if it is not of one shard, or
 * does not say of which.
 */
export function batchOf(event: KinesisStreamEvent | TableEvent): ShardBatch | undefined {
  if (event.Records.length === 0) return undefined;
  return isOfTable(event) ? batchOfTable(event) : batchOfStream(event);
}

/** Sequence number of the first record; undefined if there is none. */
export function firstOf(event: KinesisStreamEvent | TableEvent): string | undefined {
  const [first] = event.Records;
  if (first === undefined) return undefined;
  return 'kinesis' in first ? first.kinesis.sequenceNumber : first.dynamodb?.SequenceNumber;
}

function batchOfTable({ Records, shardId }: TableEvent): ShardBatch {
  const records = Records.map((record): DeliveredRecord => {
    const { SequenceNumber = '', ApproximateCreationDateTime = 0 } = record.dynamodb ?? {};
    const bytes = Buffer.from(JSON.stringify(record));
    return { shardId, sequenceNumber: SequenceNumber, bytes, arrivedAt: ApproximateCreationDateTime * 1000 };
  });
  return { stream: sourceOf(Records[0]), shardId, records, partitionKeys: new Set() };
}

function sourceOf(record: DynamoDBRecord | undefined): string {
  return record?.eventSourceARN ?? '';
}

function batchOfStream({ Records }: KinesisStreamEvent): ShardBatch {
  const shardId = shardOf(Records[0]?.eventID);
  const records = Records.map(({ eventID, kinesis }): DeliveredRecord => {
    if (shardOf(eventID) !== shardId) {
      throw new InvariantError('INVARIANT', `A batch mixes ${shardId} with ${shardOf(eventID)}.`);
    }
    return {
      shardId,
      sequenceNumber: kinesis.sequenceNumber,
      bytes: Buffer.from(kinesis.data, 'base64'),
      arrivedAt: kinesis.approximateArrivalTimestamp * 1000,
    };
  });
  const partitionKeys = new Set(Records.map(({ kinesis }) => kinesis.partitionKey));
  return { stream: streamOf(Records[0]?.eventSourceARN ?? ''), shardId, records, partitionKeys };
}

/** `shardId-000000000000:4957…` is the id of an event. */
function shardOf(eventId = ''): string {
  return eventId.slice(0, eventId.indexOf(':'));
}

/** `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`, with `/consumer/…` behind it for a consumer of its own. */
function streamOf(arn: string): string {
  return arn.split('/')[1] ?? arn;
}
