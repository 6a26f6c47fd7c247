import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { DynamoDbSink } from '../../../../lib/connectors/dynamodb/dynamodb-sink.ts';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
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

const TAKEN: Answer = { status: 200, body: {} };
const KEY = { table: 'items', partitionKey: 'id' };

async function sinkTo(answers: readonly Answer[], sortKey?: string): Promise<DynamoDbSink<unknown>> {
  service = await scriptedService(answers);
  const client = new DynamoDBClient(clientOf(service));
  const sort = sortKey === undefined ? {} : { sortKey };
  return new DynamoDbSink(LINES.spec, { ...KEY, ...sort, client: async () => client });
}

interface Put {
  readonly Item: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly ConditionExpression: string;
}

function puts(): readonly Put[] {
  return service.requests.map(({ body }) => JSON.parse(body));
}

function versionIn(put: Put | undefined): string {
  return String(put?.Item.millraceVersion?.S);
}

describe('a DynamoDB sink', () => {
  it('puts the last record of each key of a commit, when the commit is there', async () => {
    const target = await sinkTo([TAKEN]);
    const runtime = await target.load();
    const records = [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
      { id: 'a', n: 3, deep: { list: [1, null, 'x', true] } },
    ];
    const requests = await written(runtime, records);
    expect(service.requests).toEqual([]);
    await commit(runtime, requests);
    const items = puts().map(({ Item }) => [Item.id?.S, Item.n?.N]);
    expect(items.toSorted()).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
    const deep = puts().find(({ Item }) => Item.id?.S === 'a')?.Item.deep;
    expect(deep).toEqual({
      M: { list: { L: [{ N: '1' }, { NULL: true }, { S: 'x' }, { BOOL: true }] } },
    });
  });

  it('tells records apart by both keys of a table', async () => {
    const target = await sinkTo([TAKEN], 'at');
    await sink(target, [
      { id: 'a', at: 1, n: 1 },
      { id: 'a', at: 2, n: 2 },
      { id: 'a', at: 1, n: 3 },
    ]);
    expect(
      puts()
        .map(({ Item }) => `${Item.at?.N}:${Item.n?.N}`)
        .toSorted(),
    ).toEqual(['1:3', '2:2']);
  });

  it('I16: has versions that grow with commits and lineages as text does, and a guard', async () => {
    const target = await sinkTo([TAKEN]);
    const runtime = await target.load();
    const places = [
      { lineage: 1, version: 2 },
      { lineage: 1, version: 10 },
      { lineage: 2, version: 1 },
      { lineage: 10, version: 1 },
    ];
    for (const place of places) await commit(runtime, await written(runtime, [{ id: 'a' }], place));
    const versions = puts().map(versionIn);
    expect(versions).toEqual(versions.toSorted());
    expect(new Set(versions).size).toBe(places.length);
    expect(puts()[0]?.ConditionExpression).toBe('attribute_not_exists(#v) OR #v < :v');
  });

  it('writes of several commits at once only the newest record of a key', async () => {
    const target = await sinkTo([TAKEN]);
    const runtime = await target.load();
    const older = await written(runtime, [{ id: 'a', n: 1 }], { version: 9 });
    const newer = await written(runtime, [{ id: 'a', n: 2 }], { version: 10 });
    await commit(runtime, [...older, ...newer]);
    expect(puts().map(({ Item }) => Item.n?.N)).toEqual(['2']);
  });

  it('takes a newer record in the table for a success', async () => {
    const target = await sinkTo([failure(400, 'ConditionalCheckFailedException')]);
    await expect(sink(target, [{ id: 'a' }])).resolves.toBeUndefined();
    expect(service.requests).toHaveLength(1);
  });

  it('repeats what was throttled, and says what stays refused', async () => {
    const target = await sinkTo([failure(400, 'ProvisionedThroughputExceededException'), TAKEN]);
    await sink(target, [{ id: 'a' }]);
    expect(service.requests.length).toBeGreaterThan(1);
    await service.close();
    const denied = await sinkTo([failure(400, 'AccessDeniedException')]);
    await expect(sink(denied, [{ id: 'a' }])).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED' });
  });

  it.each([
    [{}, 'KEY_INVALID', 'This record has none'],
    [{ id: '' }, 'KEY_INVALID', 'text of 1 to 2048 bytes'],
    [{ id: true }, 'KEY_INVALID', 'another value'],
    [['a'], 'RECORD_INVALID', 'an item is an object'],
    [{ id: 'a', millraceVersion: 1 }, 'RECORD_INVALID', 'a name that is taken'],
    [{ id: 'a', n: 1e200 }, 'RECORD_INVALID', 'outside of the numbers'],
    [{ id: 'a', text: 'x'.repeat(400_000) }, 'RECORD_TOO_LONG', 'at most'],
  ])('refuses a record that is no item when it is written: %#', async (record, code, message) => {
    const target = await sinkTo([TAKEN]);
    await expect(sink(target, [record])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(service.requests).toEqual([]);
  });

  it('is made of JSON', () => {
    const csv = FileSink.csv<{ readonly id: string }>('out', { columns: ['id'] });
    const client = async () => new DynamoDBClient({});
    expect(() => new DynamoDbSink(csv.spec, { ...KEY, client })).toThrow(/bind a FileSink\.ndjson/);
  });
});
