import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { callAws } from '../../core/aws-failure.ts';
import { type Refusal, sendMessages } from '../message/message-sending.ts';

/** Of one PutRecords request. */
const REQUEST = { messagesMax: 500, bytesMax: 5 << 20 };

/** A stream, by its name. */
export interface RecordTarget {
  readonly client: KinesisClient;
  readonly stream: string;
}

/** Sends records at least once. Throws RetryableError IO_FAILED if some stay refused; others may be sent. */
export async function sendRecords(
  target: RecordTarget,
  entries: readonly PutRecordsRequestEntry[],
): Promise<void> {
  await sendMessages(entries, {
    target: `Stream ${target.stream}`,
    limits: REQUEST,
    bytesOf: ({ Data, PartitionKey }) => (Data?.length ?? 0) + Buffer.byteLength(PartitionKey ?? ''),
    keyOf: ({ PartitionKey = '' }) => PartitionKey,
    send: (batch) => put(target, batch),
  });
}

async function put(
  { client, stream }: RecordTarget,
  entries: readonly PutRecordsRequestEntry[],
): Promise<readonly Refusal<PutRecordsRequestEntry>[]> {
  const command = new PutRecordsCommand({ StreamName: stream, Records: [...entries] });
  const what = `The sending of ${entries.length} records to stream ${stream}`;
  const { Records = [] } = await callAws(what, () => client.send(command));
  return entries.flatMap((entry, i) => {
    const { SequenceNumber, ErrorCode = 'no answer', ErrorMessage = '' } = Records[i] ?? {};
    if (SequenceNumber !== undefined) return [];
    return [{ entry, reason: `${ErrorCode} ${ErrorMessage}`.trim(), lasting: false }];
  });
}
