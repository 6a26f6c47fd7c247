/**
 * Frames over Kinesis: a stream for each vertex that receives some, its shard i for its subtask i.
 *
 * 1. A record goes to a shard by an explicit hash key in the middle of its range: the streams are provisioned
 *    with as many shards as the vertex has subtasks, and are never resharded while a run uses them.
 * 2. The answer says which shard took the record: a stream that was resharded all the same is found out.
 * 3. The partition key is the run: a receiver sees that a frame is of a run that it does not know before it
 *    reads the frame.
 * 4. A call holds what one request may hold. What of a send is refused, or whose outcome is unknown, is
 *    `failed`, and the sender repeats that alone, with pauses (LIMITS.invocationTriesMax, sendPauseMs).
 */
import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { callAws } from '../../core/aws-failure.ts';
import { InvariantError, RetryableError } from '../../core/errors.ts';
import type { OutgoingRecord, SendOutcome, StreamTransport } from '../../ports/stream-transport.ts';
import { batchesOf, RECORD_BYTES_MAX } from './put-batches.ts';

/** The stream of a vertex. */
export interface VertexStream {
  readonly name: string;
  /** As many as the vertex has subtasks. */
  readonly shards: number;
}

export interface KinesisTransportOptions {
  readonly client: KinesisClient;
  /** By vertex id. */
  readonly streams: Readonly<Record<string, VertexStream>>;
}

interface Addressed {
  /** Among the records of the send. */
  readonly index: number;
  readonly entry: PutRecordsRequestEntry;
  /** With the partition key. */
  readonly bytes: number;
}

interface PutCall {
  readonly batch: readonly Addressed[];
  readonly vertex: string;
  readonly stream: VertexStream;
  /** Of the whole send: the call fills in those of its batch. */
  readonly outcomes: SendOutcome[];
}

export class KinesisStreamTransport implements StreamTransport {
  readonly #client: KinesisClient;
  readonly #streams: KinesisTransportOptions['streams'];

  constructor({ client, streams }: KinesisTransportOptions) {
    this.#client = client;
    this.#streams = streams;
  }

  async send(records: readonly OutgoingRecord[]): Promise<readonly SendOutcome[]> {
    const outcomes: SendOutcome[] = [];
    const byVertex = Map.groupBy(records.entries(), ([, { target }]) => vertexOf(target));
    const calls = [...byVertex].flatMap(([vertex, addressed]) => {
      const stream = this.#streams[vertex];
      if (stream === undefined) throw new InvariantError('INVARIANT', `Vertex ${vertex} has no stream.`);
      const entries = addressed.map(([index, record]) => addressOf(index, record, stream));
      return batchesOf(entries, ({ bytes }) => bytes).map((batch) => ({ batch, vertex, stream, outcomes }));
    });
    let unknown: RetryableError | undefined;
    for (const call of calls) {
      try {
        await this.#put(call);
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        // What other calls sent stays known: only these are sent again.
        const failed: SendOutcome = { kind: 'failed', reason: error.message };
        for (const { index } of call.batch) outcomes[index] = failed;
        unknown = error;
      }
    }
    if (unknown !== undefined && outcomes.every(({ kind }) => kind === 'failed')) throw unknown;
    return outcomes;
  }

  async #put({ batch, vertex, stream, outcomes }: PutCall): Promise<void> {
    const Records = batch.map(({ entry }) => entry);
    const request = new PutRecordsCommand({ StreamName: stream.name, Records });
    const answer = await callAws(`The sending of ${batch.length} frames to ${stream.name}`, () =>
      this.#client.send(request),
    );
    for (const [i, { index }] of batch.entries()) {
      const { ShardId, SequenceNumber, ErrorCode, ErrorMessage } = answer.Records?.[i] ?? {};
      outcomes[index] =
        ShardId === undefined || SequenceNumber === undefined
          ? { kind: 'failed', reason: `${ErrorCode ?? 'no answer'} ${ErrorMessage ?? ''}`.trim() }
          : {
              kind: 'sent',
              deliveredTo: `${vertex}/${shardNumber(ShardId)}`,
              sequenceNumber: SequenceNumber,
            };
    }
  }
}

function addressOf(index: number, record: OutgoingRecord, { name, shards }: VertexStream): Addressed {
  const { run, target, bytes } = record;
  const subtask = Number(target.slice(target.lastIndexOf('/') + 1));
  const size = bytes.length + Buffer.byteLength(run);
  if (!(subtask >= 0 && subtask < shards)) {
    throw new InvariantError('INVARIANT', `Stream ${name} has ${shards} shards, none for ${target}.`);
  }
  if (size > RECORD_BYTES_MAX) {
    throw new InvariantError('INVARIANT', `A frame for ${target} has ${size} bytes; Kinesis takes 1 MiB.`);
  }
  // The hash key decides: the partition key tells the receiver the run without decoding the frame.
  const ExplicitHashKey = middleOfRange(subtask, shards);
  return { index, entry: { Data: bytes, PartitionKey: run, ExplicitHashKey }, bytes: size };
}

const HASH_KEYS = 1n << 128n;

/** Middle of the hash keys of shard `index` of `shards` even ones. */
function middleOfRange(index: number, shards: number): string {
  return ((HASH_KEYS * BigInt(2 * index + 1)) / BigInt(2 * shards)).toString();
}

/** The number in `shardId-000000000007`. */
function shardNumber(shardId: string): number {
  return Number(shardId.slice(shardId.lastIndexOf('-') + 1));
}

function vertexOf(target: string): string {
  return target.slice(0, target.lastIndexOf('/'));
}
