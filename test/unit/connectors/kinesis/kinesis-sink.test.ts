import { KinesisClient } from '@aws-sdk/client-kinesis';
import { afterEach, describe, expect, it } from 'vitest';
import { KinesisSink } from '../../../../lib/connectors/kinesis/kinesis-sink.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import {
  type Answer,
  clientOf,
  failure,
  type ScriptedService,
  scriptedService,
} from '../../../e2e/adapters/scripted-service.ts';
import { commit, LINES, sink, written } from '../message/sunk.ts';

let service: ScriptedService;
afterEach(() => service.close());

/** Takes as many records as asked for, all but those at `refused`. */
function taken(count: number, refused: readonly number[] = []): Answer {
  const Records = Array.from({ length: count }, (_, i) =>
    refused.includes(i)
      ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'too fast' }
      : { SequenceNumber: `${i}`, ShardId: 'shardId-000000000000' },
  );
  return { status: 200, body: { FailedRecordCount: refused.length, Records } };
}

async function sinkTo(answers: readonly Answer[], partitionKey?: string): Promise<KinesisSink<unknown>> {
  service = await scriptedService(answers);
  const client = new KinesisClient(clientOf(service));
  const key = partitionKey === undefined ? {} : { partitionKey };
  return new KinesisSink(LINES.spec, { stream: 'out', ...key, client: async () => client });
}

interface Sent {
  readonly lines: readonly string[];
  readonly keys: readonly string[];
}

function sent(): readonly Sent[] {
  return service.requests.map(({ body }) => {
    const { Records } = JSON.parse(body);
    return {
      lines: Records.map(({ Data }: { Data: string }) => Buffer.from(Data, 'base64').toString()),
      keys: Records.map(({ PartitionKey }: { PartitionKey: string }) => PartitionKey),
    };
  });
}

const records = (count: number) => Array.from({ length: count }, (_, i) => ({ user: `u${i % 3}`, i }));

describe('a Kinesis sink', () => {
  it('sends nothing before the commit, then as few requests as 500 records each allow', async () => {
    const target = await sinkTo([taken(500), taken(500), taken(1)]);
    const runtime = await target.load();
    const requests = await written(runtime, records(1001));
    expect(service.requests).toEqual([]);
    await commit(runtime, requests);
    expect(sent().map(({ lines }) => lines.length)).toEqual([500, 500, 1]);
    expect(sent().flatMap(({ lines }) => lines)).toEqual(records(1001).map((one) => JSON.stringify(one)));
  });

  it('keeps a request within 5 MB', async () => {
    const target = await sinkTo([taken(5), taken(1)]);
    await sink(
      target,
      Array.from({ length: 6 }, () => ({ text: 'x'.repeat(1_000_000) })),
    );
    expect(sent().map(({ lines }) => lines.length)).toEqual([5, 1]);
  });

  it('sends again only what was refused', async () => {
    const target = await sinkTo([taken(4, [1, 3]), taken(2, [1]), taken(1)]);
    await sink(target, records(4));
    const numbers = sent().map(({ lines }) => lines.map((line) => JSON.parse(line).i));
    expect(numbers).toEqual([[0, 1, 2, 3], [1, 3], [3]]);
  });

  it('gives up after a bounded number of tries, in a way that passes', async () => {
    const target = await sinkTo([taken(1, [0])]);
    await expect(sink(target, records(1))).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/Stream out refuses 1 of 1 messages: .*too fast/),
    });
    expect(service.requests).toHaveLength(LIMITS.invocationTriesMax);
  });

  it('is throttled as a whole and goes on', async () => {
    const target = await sinkTo([failure(400, 'ProvisionedThroughputExceededException'), taken(2)]);
    await sink(target, records(2));
    expect(sent().at(-1)?.lines).toHaveLength(2);
  });

  it('has the same keys in every attempt, and keys of its own for records without a key field', async () => {
    const target = await sinkTo([taken(3)]);
    const runtime = await target.load();
    const requests = await written(runtime, records(3));
    await commit(runtime, requests);
    await commit(runtime, requests);
    const [first, second] = sent();
    expect(new Set(first?.keys).size).toBe(3);
    expect(second).toEqual(first);
  });

  it('takes a field as partition key, text or number', async () => {
    const target = await sinkTo([taken(2)], 'user');
    await sink(target, [{ user: 'ann' }, { user: 7 }]);
    expect(sent()[0]?.keys).toEqual(['ann', '7']);
  });

  it.each([
    [{}, 'undefined'],
    [{ user: '' }, 'text of 0 characters'],
    [{ user: 'x'.repeat(257) }, 'text of 257 characters'],
    [{ user: { name: 'ann' } }, 'object'],
  ])('refuses a record whose key it cannot take: %#', async (record, shown) => {
    const target = await sinkTo([taken(1)], 'user');
    await expect(sink(target, [record])).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining(shown),
    });
    expect(service.requests).toEqual([]);
  });

  it('refuses a record over 1 MB when it is written', async () => {
    const target = await sinkTo([taken(1)]);
    await expect(sink(target, [{ text: 'x'.repeat(1 << 20) }])).rejects.toMatchObject({
      code: 'RECORD_TOO_LONG',
    });
  });
});
