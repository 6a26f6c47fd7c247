import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, it } from 'vitest';
import { DynamoDbSink } from '../../../../lib/connectors/dynamodb/dynamodb-sink.ts';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { type Answer, failure, type Script, type ServedRequest } from '../../../scripted-service.ts';
import { commit, loggedCommit, writeTo } from '../../../sink-commits.ts';
import { served } from '../served-client.ts';

interface Count {
  readonly user: string;
  readonly n: number;
}

interface SentPut {
  readonly TableName: string;
  readonly Item: Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Readonly<Record<string, { readonly S: string }>>;
}

const TAKEN: Answer = { status: 200, body: {} };

function putIn({ body }: ServedRequest): SentPut {
  // What the client of the SDK sends.
  return JSON.parse(body) as SentPut;
}

function countIn(request: ServedRequest): string {
  const { user, n } = putIn(request).Item;
  return `${user?.S}=${n?.N}`;
}

async function tableOf(scripts: readonly Script[], requestTimeout?: number) {
  const { client, service } = await served((options) => {
    if (requestTimeout === undefined) return new DynamoDBClient(options);
    const requestHandler = new NodeHttpHandler({ requestTimeout, throwOnRequestTimeout: true });
    return new DynamoDBClient({ ...options, requestHandler });
  }, scripts);
  const spec = FileSink.ndjson<Count>('out').spec;
  const sink = new DynamoDbSink(spec, { table: 'counts', partitionKey: 'user', client: async () => client });
  return { sink, service, counts: () => service.requests.map(countIn) };
}

describe('the writes of the DynamoDB sink', () => {
  it('are one for each key of a commit: its last record', async () => {
    const { sink, counts } = await tableOf([TAKEN]);
    await writeTo(sink, [
      { user: 'a', n: 1 },
      { user: 'b', n: 1 },
      { user: 'a', n: 2 },
    ]);
    expect(counts().toSorted()).toEqual(['a=2', 'b=1']);
  });

  it('are one for each key of several commits: the record of the last one, in whatever order', async () => {
    const { sink, counts } = await tableOf([TAKEN]);
    const commits = [
      await loggedCommit(sink, [{ user: 'a', n: 1 }], { version: 9 }),
      await loggedCommit(sink, [{ user: 'a', n: 3 }], { lineage: 2, version: 1 }),
      await loggedCommit(sink, [{ user: 'a', n: 2 }], { version: 10 }),
    ];
    await commit(sink, commits.flat());
    expect(counts()).toEqual(['a=3']);
  });

  it('hold the version of the record, which compares as text like lineage and version', async () => {
    const { sink, service } = await tableOf([TAKEN]);
    const places = [{ version: 9 }, { version: 10 }, { version: 12_345_678 }, { lineage: 2, version: 1 }];
    for (const place of places) await writeTo(sink, [{ user: 'a', n: 1 }], place);
    const versions = service.requests.map((request) => putIn(request).Item.millraceVersion?.S);
    expect(new Set(versions).size).toBe(places.length);
    expect(versions.toSorted()).toEqual(versions);
  });

  it('are made only where no version or an older one is', async () => {
    const { sink, service } = await tableOf([TAKEN]);
    await writeTo(sink, [{ user: 'a', n: 1 }]);
    const [put] = service.requests.map(putIn);
    expect(put).toMatchObject({
      TableName: 'counts',
      ConditionExpression: 'attribute_not_exists(#v) OR #v < :v',
      ExpressionAttributeNames: { '#v': 'millraceVersion' },
    });
    expect(put?.ExpressionAttributeValues[':v']).toEqual(put?.Item.millraceVersion);
  });

  it('that meet a newer item are done, after one request', async () => {
    const { sink, service } = await tableOf([failure(400, 'ConditionalCheckFailedException')]);
    await writeTo(sink, [{ user: 'a', n: 1 }]);
    expect(service.requests).toHaveLength(1);
  });

  it('are the same in every attempt', async () => {
    const { sink, service } = await tableOf([TAKEN]);
    const requests = await loggedCommit(sink, [{ user: 'a', n: 1 }], { version: 3 });
    await commit(sink, requests);
    await commit(sink, requests);
    const [first, second] = service.requests.map(putIn);
    expect(second).toEqual(first);
  });
});

describe('writes that a table refuses', () => {
  it.each([
    [400, 'ProvisionedThroughputExceededException'],
    [400, 'ThrottlingException'],
    [500, 'InternalServerError'],
  ])('with %i %s are repeated', async (status, name) => {
    const { sink, counts } = await tableOf([failure(status, name), TAKEN]);
    await writeTo(sink, [{ user: 'a', n: 1 }]);
    expect(counts()).toEqual(['a=1', 'a=1']);
  });

  it('are IO_FAILED if that lasts, and made by the next attempt', async () => {
    const refusing = Array.from({ length: LIMITS.awsAttemptsMax }, () => failure(400, 'ThrottlingException'));
    const { sink, counts } = await tableOf([...refusing, TAKEN]);
    const requests = await loggedCommit(sink, [{ user: 'a', n: 1 }]);
    await expect(commit(sink, requests)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringContaining('The write of an item to table counts failed: ThrottlingException'),
    });
    await commit(sink, requests);
    expect(counts()).toHaveLength(LIMITS.awsAttemptsMax + 1);
  });

  it('are the only ones that the next attempt of the same process makes', async () => {
    const refuses = (request: ServedRequest): Answer =>
      countIn(request) === 'b=1' ? failure(400, 'ThrottlingException') : TAKEN;
    const refusing = Array.from({ length: LIMITS.awsAttemptsMax + 2 }, () => refuses);
    const { sink, counts } = await tableOf([...refusing, TAKEN]);
    const users = ['a', 'b', 'c'].map((user) => ({ user, n: 1 }));
    const first = await loggedCommit(sink, users, { version: 1 });
    const second = await loggedCommit(sink, [{ user: 'a', n: 2 }], { version: 2 });
    const committer = await (await sink.load()).createCommitter?.();
    await expect(committer?.commit(first)).rejects.toMatchObject({ code: 'IO_FAILED' });
    const before = counts().length;
    await committer?.commit([...first, ...second]);
    expect(counts().slice(before).toSorted()).toEqual(['a=2', 'b=1']);
    await committer?.commit(second);
    expect(counts().at(-1)).toBe('a=2');
  });

  it('are repeated when nobody knows whether they were made; the guard knows the second', async () => {
    const { sink, counts } = await tableOf(['hang', failure(400, 'ConditionalCheckFailedException')], 100);
    await writeTo(sink, [{ user: 'a', n: 1 }]);
    expect(counts()).toEqual(['a=1', 'a=1']);
  });

  it.each([
    ['AccessDeniedException', 'AWS_ACCESS_DENIED'],
    ['ResourceNotFoundException', 'AWS_RESOURCE_MISSING'],
    ['ValidationException', 'AWS_REFUSED'],
  ])('with %s fail for good: %s', async (name, code) => {
    const { sink, service } = await tableOf([failure(400, name)]);
    await expect(writeTo(sink, [{ user: 'a', n: 1 }])).rejects.toMatchObject({ code });
    expect(service.requests).toHaveLength(1);
  });
});

describe('a record of the DynamoDB sink', () => {
  it('without the partition key is a dead letter; what comes behind it is written', async () => {
    const { sink, counts } = await tableOf([TAKEN]);
    const runtime = await sink.load();
    const place = { jobName: 'job', operatorUid: 'out', subtask: 0, parallelism: 1, durable: true };
    const writer = await runtime.createWriter(place);
    // A record without a field of its type is what this is about.
    expect(() => writer.write({ n: 1 } as unknown as Count, 0)).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID' }),
    );
    writer.write({ user: 'b', n: 2 }, 0);
    const [committable] = await writer.prepareCommit(false);
    const id = { text: '1/job/out/0/1/0', lineage: 1, subtask: 0, version: 1, index: 0 };
    await commit(sink, [{ id, committable }]);
    expect(counts()).toEqual(['b=2']);
  });

  it('is made of NDJSON only', async () => {
    const spec = FileSink.csv<Count>('out', { columns: ['user', 'n'] }).spec;
    const target = { table: 'counts', partitionKey: 'user', client: async () => new DynamoDBClient() };
    expect(() => new DynamoDbSink(spec, target)).toThrow(
      'Sink "out" writes csv; items are made of JSON: bind a FileSink.ndjson.',
    );
  });
});
