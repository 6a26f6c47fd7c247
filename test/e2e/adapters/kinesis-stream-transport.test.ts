import { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { KinesisStreamTransport } from '../../../lib/adapters/kinesis/kinesis-stream-transport.ts';
import {
  batchesOf,
  PUT_BYTES_MAX,
  PUT_RECORDS_MAX,
  RECORD_BYTES_MAX,
} from '../../../lib/adapters/kinesis/put-batches.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import type { OutgoingRecord } from '../../../lib/ports/stream-transport.ts';
import { type Answer, clientOf, failure, scriptedService } from '../../scripted-service.ts';

const STREAMS = { a: { name: 'stream-a', shards: 4 }, b: { name: 'stream-b', shards: 1 } };

/** What a send of `records` is answered, and the requests that it made. */
async function sendOf(records: readonly OutgoingRecord[], answers: readonly Answer[]) {
  const service = await scriptedService(answers);
  const client = new KinesisClient({ ...clientOf(service), maxAttempts: 1 });
  try {
    const transport = new KinesisStreamTransport({ client, streams: STREAMS });
    const outcomes = await transport.send(records).catch((error: unknown) => error);
    // Requests of PutRecords are JSON of this form.
    const requests = service.requests.map(({ body }) => JSON.parse(body)) as readonly PutRequest[];
    return { outcomes, requests };
  } finally {
    client.destroy();
    await service.close();
  }
}

interface PutRequest {
  readonly StreamName: string;
  readonly Records: readonly { readonly PartitionKey: string; readonly ExplicitHashKey: string }[];
}

function to(target: string, bytes = Uint8Array.of(1)): OutgoingRecord {
  return { run: 'run-1', target, bytes };
}

function taken(...shards: readonly number[]): Answer {
  const Records = shards.map((shard, i) => ({
    ShardId: `shardId-${String(shard).padStart(12, '0')}`,
    SequenceNumber: String(i),
  }));
  return { status: 200, body: { FailedRecordCount: 0, Records } };
}

describe('KinesisStreamTransport', () => {
  it('addresses the middle of the range of a shard, under the run as partition key', async () => {
    const { requests } = await sendOf(
      ['a/0', 'a/1', 'a/3'].map((target) => to(target)),
      [taken(0, 1, 3)],
    );
    const eighth = 1n << 125n;
    expect(requests).toHaveLength(1);
    expect(requests[0]?.Records.map(({ ExplicitHashKey }) => BigInt(ExplicitHashKey))).toEqual([
      eighth,
      3n * eighth,
      7n * eighth,
    ]);
    expect(requests[0]?.Records.every(({ PartitionKey }) => PartitionKey === 'run-1')).toBe(true);
  });

  it('says which records of a request failed, in the order of the records', async () => {
    const Records = [
      { ShardId: 'shardId-000000000000', SequenceNumber: '7' },
      { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'slow down' },
    ];
    const answer = { status: 200, body: { FailedRecordCount: 1, Records } };
    const { outcomes } = await sendOf([to('a/0'), to('a/1')], [answer]);
    expect(outcomes).toEqual([
      { kind: 'sent', deliveredTo: 'a/0', sequenceNumber: '7' },
      { kind: 'failed', reason: 'ProvisionedThroughputExceededException slow down' },
    ]);
  });

  it('names the shard that took a record, also another one than it was meant for', async () => {
    const { outcomes } = await sendOf([to('a/1')], [taken(6)]);
    expect(outcomes).toMatchObject([{ kind: 'sent', deliveredTo: 'a/6' }]);
  });

  it('what one stream took stays known when the request to another fails', async () => {
    const answers = [taken(0), failure(500, 'InternalFailure')];
    const { outcomes, requests } = await sendOf([to('a/0'), to('b/0')], answers);
    expect(outcomes).toMatchObject([{ kind: 'sent' }, { kind: 'failed' }]);
    expect(requests.map(({ StreamName }) => StreamName)).toEqual(['stream-a', 'stream-b']);
  });

  it('throws IO_FAILED when nothing is known of any record', async () => {
    const { outcomes } = await sendOf([to('a/0'), to('b/0')], [failure(500, 'InternalFailure')]);
    expect(outcomes).toMatchObject({ code: 'IO_FAILED' });
  });

  it('throws what cannot pass, though another stream took its records', async () => {
    const answers = [taken(0), failure(400, 'ResourceNotFoundException')];
    const { outcomes } = await sendOf([to('a/0'), to('b/0')], answers);
    expect(outcomes).toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
  });

  it('refuses a target without a shard, and too large a frame, before it sends anything', async () => {
    const large = new Uint8Array(RECORD_BYTES_MAX);
    for (const bad of [to('a/4'), to('c/0'), to('a/0', large)]) {
      const { outcomes, requests } = await sendOf([to('a/0'), bad], [taken(0, 0)]);
      expect(outcomes).toMatchObject({ code: 'INVARIANT' });
      expect(requests).toEqual([]);
    }
  });
});

describe('batchesOf', () => {
  it('cuts by records and by bytes, and keeps the order', () => {
    const items = Array.from({ length: 2 * PUT_RECORDS_MAX + 1 }, (_, i) => i);
    const byRecords = batchesOf(items, () => 1);
    expect(byRecords.map(({ length }) => length)).toEqual([PUT_RECORDS_MAX, PUT_RECORDS_MAX, 1]);
    expect(byRecords.flat()).toEqual(items);
    const mega = 1 << 20;
    expect(batchesOf([mega, mega, mega, mega, mega, 1], (bytes) => bytes)).toHaveLength(2);
    expect(batchesOf([PUT_BYTES_MAX, 1], (bytes) => bytes)).toHaveLength(2);
    expect(batchesOf([], () => 1)).toEqual([]);
  });

  it('the largest frame fits into a record with any partition key', () => {
    const partitionKeyBytesMax = 256 * 4;
    expect(LIMITS.frameBytesMax + partitionKeyBytesMax).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  });
});
