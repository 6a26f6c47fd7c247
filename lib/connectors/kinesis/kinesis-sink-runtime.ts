import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import type { CommitRequest, Committer, SinkRuntime } from '../../core/connector.ts';
import { RecordError } from '../../core/errors.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';
import { loadMessageText } from '../message/message-format.ts';
import { type MessageBatch, MessageWriter } from '../message/message-writer.ts';
import type { KinesisTarget } from './kinesis-sink.ts';
import { type RecordTarget, sendRecords } from './record-sending.ts';

/** Of one record with its key. */
const RECORD_BYTES_MAX = 1 << 20;
const KEY_CHARACTERS_MAX = 256;
/** A key that stands for no field is about as long. */
const SPREAD_KEY_BYTES = 64;

/** The code of a Kinesis sink. */
export async function createKinesisSinkRuntime<T>(
  spec: FileSinkSpec<T>,
  target: KinesisTarget,
): Promise<SinkRuntime<T, MessageBatch>> {
  const text = await loadMessageText(spec);
  const { stream, partitionKey, client } = target;
  return {
    createWriter: async () =>
      new MessageWriter<T>({
        target: `Stream ${stream}`,
        messageOf: (value) => ({
          key: partitionKey === undefined ? '' : keyIn(value, partitionKey, stream),
          body: text(value),
        }),
        bytesMax: RECORD_BYTES_MAX - (partitionKey === undefined ? SPREAD_KEY_BYTES : 0),
        lastOfKey: false,
      }),
    createCommitter: async () => new RecordCommitter({ client: await client(), stream }),
  };
}

/** Sends the records of commits. */
class RecordCommitter implements Committer<MessageBatch> {
  readonly #target: RecordTarget;

  constructor(target: RecordTarget) {
    this.#target = target;
  }

  async commit(requests: readonly CommitRequest<MessageBatch>[]): Promise<void> {
    await sendRecords(this.#target, requests.flatMap(entriesOf));
  }
}

function entriesOf({ id, committable }: CommitRequest<MessageBatch>): readonly PutRecordsRequestEntry[] {
  const { lineage, subtask, version, index } = id;
  return committable.bodies.map((body, i) => ({
    // Differs from record to record, so that shards share them; the same in every attempt.
    PartitionKey: committable.keys[i] || `${lineage}-${subtask}-${version}-${index}-${i}`,
    Data: Buffer.from(body),
  }));
}

function keyIn(value: unknown, field: string, stream: string): string {
  // Any object can be asked for a property; what is not there is undefined.
  const found =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  const key = typeof found === 'number' || typeof found === 'bigint' ? String(found) : found;
  if (typeof key === 'string' && key !== '' && key.length <= KEY_CHARACTERS_MAX) return key;
  throw new RecordError(
    'KEY_INVALID',
    `Stream ${stream} takes the field "${field}" as partition key: a number, or text of 1 to ` +
      `${KEY_CHARACTERS_MAX} characters. Here it is ${shown(found)}: set it before the sink.`,
    { context: { location: stream } },
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `text of ${value.length} characters` : `a value of type ${typeof value}`;
}
