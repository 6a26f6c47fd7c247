import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, it } from 'vitest';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { KinesisSink } from '../../../../lib/connectors/kinesis/kinesis-sink.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { type Answer, failure, type Script, type ServedRequest } from '../../../scripted-service.ts';
import { commit, loggedCommit, writeTo } from '../../../sink-commits.ts';
import { served } from '../served-client.ts';

interface Click {
  readonly user: string;
  readonly n: number;
}

interface SentRecord {
  readonly PartitionKey: string;
  readonly Data: string;
}

const MIB = 1 << 20;

function sentIn({ body }: ServedRequest): readonly SentRecord[] {
  // What the client of the SDK sends.
  return (JSON.parse(body) as { readonly Records: readonly SentRecord[] }).Records;
}

function clickIn({ Data }: SentRecord): Click {
  // What the sink under test was given.
  return JSON.parse(Buffer.from(Data, 'base64').toString()) as Click;
}

function namesIn(request: ServedRequest): readonly string[] {
  return sentIn(request)
    .map(clickIn)
    .map(({ user, n }) => `${user}${n}`);
}

/** Takes all records but those of these names. */
function takingAllBut(...refused: readonly string[]): Script {
  return (request): Answer => {
    const names = namesIn(request);
    const Records = names.map((name, i) =>
      refused.includes(name)
        ? { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' }
        : { SequenceNumber: String(i), ShardId: 'shardId-000000000000' },
    );
    return { status: 200, body: { FailedRecordCount: refused.length, Records } };
  };
}

const takingAll = takingAllBut();

async function streamOf(
  scripts: readonly Script[],
  { partitionKey, requestTimeout }: { partitionKey?: string; requestTimeout?: number } = {},
) {
  const { client, service } = await served((options) => {
    if (requestTimeout === undefined) return new KinesisClient(options);
    const requestHandler = new NodeHttpHandler({ requestTimeout, throwOnRequestTimeout: true });
    return new KinesisClient({ ...options, requestHandler });
  }, scripts);
  const spec = FileSink.ndjson<Click>('out').spec;
  const target = { stream: 'clicks', client: async () => client };
  const sink = new KinesisSink(spec, partitionKey === undefined ? target : { ...target, partitionKey });
  return { sink, service, names: () => service.requests.map(namesIn) };
}

function clicks(count: number, user = 'a'): readonly Click[] {
  return Array.from({ length: count }, (_, n) => ({ user, n }));
}

describe('requests of the Kinesis sink', () => {
  it('hold at most 500 records, in the order of the records', async () => {
    const { sink, names } = await streamOf([takingAll]);
    await writeTo(sink, clicks(1001));
    expect(names().map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(names().flat()).toEqual(clicks(1001).map(({ n }) => `a${n}`));
  });

  it('hold at most 5 MiB of records and their keys', async () => {
    const { sink, service } = await streamOf([takingAll], { partitionKey: 'user' });
    const user = 'u'.repeat(100);
    const shell = JSON.stringify({ user, n: 0, pad: '' }).length;
    // Ten of them are 5 MiB without their keys.
    const pad = 'x'.repeat(MIB / 2 - shell);
    await writeTo(
      sink,
      Array.from({ length: 10 }, (_, n) => ({ user, n, pad })),
    );
    const sizes = service.requests.map((request) =>
      sentIn(request).reduce(
        (sum, { Data, PartitionKey }) => sum + Buffer.from(Data, 'base64').length + PartitionKey.length,
        0,
      ),
    );
    expect(service.requests.map((request) => sentIn(request).length)).toEqual([9, 1]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5 * MIB);
  });

  it('are none for a commit without records', async () => {
    const { sink, service } = await streamOf([takingAll]);
    await writeTo(sink, []);
    expect(service.requests).toEqual([]);
  });
});

describe('partition keys of the Kinesis sink', () => {
  it('are the field that the binding names, as text', async () => {
    const { sink, service } = await streamOf([takingAll], { partitionKey: 'n' });
    await writeTo(sink, [{ user: 'a', n: 7 }]);
    expect(service.requests.flatMap(sentIn)).toMatchObject([{ PartitionKey: '7' }]);
  });

  it('differ from record to record without one, and are the same in every attempt', async () => {
    const { sink, service } = await streamOf([takingAll]);
    const requests = await loggedCommit(sink, clicks(3), { version: 9 });
    await commit(sink, requests);
    await commit(sink, requests);
    const [first = [], second] = service.requests.map(sentIn);
    expect(new Set(first.map(({ PartitionKey }) => PartitionKey)).size).toBe(3);
    expect(second).toEqual(first);
  });

  it.each([
    ['a missing field', undefined, 'a value of type undefined'],
    ['empty text', '', 'text of 0 characters'],
    ['text above 256 characters', 'k'.repeat(257), 'text of 257 characters'],
    ['another value', { name: 'a' }, 'a value of type object'],
  ])('refuse %s: the record is a dead letter that says what and where', async (_, user, shown) => {
    const { sink } = await streamOf([takingAll], { partitionKey: 'user' });
    // Records without the fields of their type are what this is about.
    const record = { user, n: 1 } as unknown as Click;
    await expect(loggedCommit(sink, [record])).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message:
        'Stream clicks takes the field "user" as partition key: a number, or text of 1 to 256 characters. ' +
        `Here it is ${shown}: set it before the sink.`,
    });
  });
});

describe('a record of the Kinesis sink', () => {
  const shell = JSON.stringify({ user: '', n: 1 }).length;

  it('may have 1 MiB with its key', async () => {
    const { sink, service } = await streamOf([takingAll], { partitionKey: 'n' });
    await writeTo(sink, [{ user: 'u'.repeat(MIB - shell - 1), n: 1 }]);
    expect(service.requests).toHaveLength(1);
  });

  it('above that is a dead letter that says what, where and what to do', async () => {
    const { sink } = await streamOf([takingAll], { partitionKey: 'n' });
    const record = { user: 'u'.repeat(MIB - shell), n: 1 };
    await expect(loggedCommit(sink, [record])).rejects.toMatchObject({
      code: 'RECORD_TOO_LONG',
      message: expect.stringMatching(
        /^Stream clicks takes messages of at most 1048576 bytes, this record makes one of 1048577\. Send/,
      ),
    });
  });
});

describe('records that a stream refuses', () => {
  it('are sent again alone', async () => {
    const { sink, names } = await streamOf([takingAllBut('b0'), takingAll], { partitionKey: 'user' });
    await writeTo(sink, [...clicks(2), ...clicks(1, 'b'), ...clicks(1, 'c')]);
    expect(names()).toEqual([['a0', 'a1', 'b0', 'c0'], ['b0']]);
  });

  it('are followed by what has the same key: its reader ends with the last one', async () => {
    const { sink, names } = await streamOf([takingAllBut('a1'), takingAll], { partitionKey: 'user' });
    await writeTo(sink, [...clicks(3), ...clicks(2, 'b')]);
    expect(names()).toEqual([
      ['a0', 'a1', 'a2', 'b0', 'b1'],
      ['a1', 'a2'],
    ]);
  });

  it('come before the records of the next request', async () => {
    const { sink, names } = await streamOf([takingAllBut('a499'), takingAll], { partitionKey: 'user' });
    await writeTo(sink, clicks(501));
    expect(names().slice(1)).toEqual([['a499'], ['a500']]);
  });

  it('are given up after a bounded number of requests without a record that is taken', async () => {
    const { sink, names } = await streamOf([takingAllBut('a1')], { partitionKey: 'user' });
    await expect(writeTo(sink, clicks(3))).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(
        /^Stream clicks refuses 1 of 3 messages: ProvisionedThroughputExceededException Rate exceeded\./,
      ),
    });
    // The first one takes a record.
    expect(names()).toHaveLength(LIMITS.invocationTriesMax);
  });

  it('are sent for as long as some are taken, more often than a request that gets nowhere', async () => {
    const count = LIMITS.invocationTriesMax + 2;
    const all = clicks(count).map(({ n }) => `a${n}`);
    const scripts = all.map((_, i) => takingAllBut(...all.slice(i + 1)));
    const { sink, names } = await streamOf(scripts, { partitionKey: 'user' });
    await writeTo(sink, clicks(count));
    expect(names()).toEqual(all.map((_, i) => all.slice(i)));
  });

  it('are sent whole by the next attempt, also in another process', async () => {
    const refusing = Array.from({ length: LIMITS.invocationTriesMax }, () => takingAllBut('a1'));
    const { sink, names } = await streamOf([...refusing, takingAll], { partitionKey: 'user' });
    const requests = await loggedCommit(sink, clicks(2));
    await expect(commit(sink, requests)).rejects.toMatchObject({ code: 'IO_FAILED' });
    await commit(sink, requests);
    expect(names().at(-1)).toEqual(['a0', 'a1']);
  });
});

describe('requests that a stream refuses', () => {
  it('are repeated when it throttles them', async () => {
    const throttled = failure(400, 'ProvisionedThroughputExceededException');
    const { sink, names } = await streamOf([throttled, takingAll]);
    await writeTo(sink, clicks(2));
    expect(names()).toEqual([
      ['a0', 'a1'],
      ['a0', 'a1'],
    ]);
  });

  it('are IO_FAILED if that lasts: the commit is attempted again', async () => {
    const { sink, service } = await streamOf([failure(400, 'ProvisionedThroughputExceededException')]);
    await expect(writeTo(sink, clicks(1))).rejects.toMatchObject({ code: 'IO_FAILED' });
    expect(service.requests).toHaveLength(LIMITS.awsAttemptsMax);
  });

  it('are repeated when nobody knows whether they were taken: no record is lost', async () => {
    const { sink, names } = await streamOf(['hang', takingAll], { requestTimeout: 100 });
    await writeTo(sink, clicks(2));
    expect(names()).toEqual([
      ['a0', 'a1'],
      ['a0', 'a1'],
    ]);
  });

  it('fail for good if the stream does not exist', async () => {
    const { sink, service } = await streamOf([failure(400, 'ResourceNotFoundException')]);
    await expect(writeTo(sink, clicks(1))).rejects.toMatchObject({
      code: 'AWS_RESOURCE_MISSING',
      message: expect.stringContaining('The sending of 1 records to stream clicks failed'),
    });
    expect(service.requests).toHaveLength(1);
  });
});
