/** What a task function is invoked with. */
import type { KinesisStreamEvent } from 'aws-lambda';
import type { SubtaskEvent } from '../lib/adapters/lambda/lambda-subtask-invoker.ts';
import { InvariantError } from '../lib/core/errors.ts';
import type { DeliveredRecord } from '../lib/runtime/invocation/invocation-input.ts';

export type TaskEvent = KinesisStreamEvent | SubtaskEvent;

/** A batch of one shard. */
export interface ShardBatch {
  /** Name of the stream. */
  readonly stream: string;
  readonly shardId: string;
  readonly records: readonly DeliveredRecord[];
  /** Of a stream of frames these are the runs of its frames. */
  readonly partitionKeys: ReadonlySet<string>;
}

export function isRequest(event: TaskEvent): event is SubtaskEvent {
  return 'millrace' in event;
}

/** The batch of an event. Throws InvariantError if it is not of one shard of Kinesis. */
export function batchOf({ Records }: KinesisStreamEvent): ShardBatch {
  const [first] = Records;
  if (first === undefined) throw new InvariantError('INVARIANT', 'A batch without records came.');
  const shardId = shardOf(first.eventID);
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
  return { stream: streamOf(first.eventSourceARN), shardId, records, partitionKeys };
}

/** `shardId-000000000000:4957…` is the id of an event. */
function shardOf(eventId: string): string {
  return eventId.slice(0, eventId.indexOf(':'));
}

/** `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`, with `/consumer/…` behind it for a consumer of its own. */
function streamOf(arn: string): string {
  return arn.split('/')[1] ?? arn;
}
