/** What the DynamoDB adapters keep beyond the contracts of their ports: calls, limits, keys. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoDbKeyedTable } from '../../../lib/adapters/dynamodb/dynamodb-keyed-table.ts';
import { DynamoDbSubtaskLog } from '../../../lib/adapters/dynamodb/dynamodb-subtask-log.ts';
import { LOG_TABLE, STATE_TABLE } from '../../../lib/adapters/dynamodb/table-schemas.ts';
import { encodeKey } from '../../../lib/core/key.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import type { VersionedRow } from '../../../lib/core/log/keyed-row.ts';
import { describeKeyedTable } from '../../contract/keyed-table-contract.ts';
import { fill, logItem, subtask } from '../../contract/log-samples.ts';
import { AwsClients } from '../aws-stores.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { countCalls } from './call-counts.ts';

const RING = 128;
const emulator = await startEmulator();
const clients = new AwsClients(emulator.endpoint);
const calls = countCalls(clients.dynamo);
afterAll(() => emulator.stop());

describeKeyedTable('dynamodb', async () => {
  const table = await clients.createTable(STATE_TABLE);
  const subject = new DynamoDbKeyedTable({ client: clients.dynamo, table });
  return { subject, close: () => clients.deleteTable(table) };
});

describe('DynamoDbSubtaskLog', () => {
  let table = '';
  let log: DynamoDbSubtaskLog;
  beforeAll(async () => {
    table = await clients.createTable(LOG_TABLE);
    log = new DynamoDbSubtaskLog({ client: clients.dynamo, table, ringSize: RING });
  });
  afterAll(() => clients.deleteTable(table));

  it('an append is one PutItem, also over the lap and when it is refused: nothing is read', async () => {
    const id = subtask(0, 'calls');
    calls.take();
    await fill(log, id, { to: RING + 2 });
    expect(calls.take()).toEqual(Array(RING + 2).fill('PutItemCommand'));
    const refused = await log.append(id, logItem(RING + 2, { writer: 'rival' }));
    expect(refused).toEqual({ kind: 'refused', found: logItem(RING + 2) });
    expect(calls.take()).toEqual(['PutItemCommand']);
  });

  it('items up to the head are one query, one more where the ring begins anew', async () => {
    const id = subtask(0, 'reads');
    await fill(log, id, { to: 3 });
    calls.take();
    expect((await log.readFrom(id, 1, 64)).items).toHaveLength(3);
    expect(calls.take()).toEqual(['QueryCommand']);
    expect((await log.readFrom(id, 4, 64)).stop).toBe('head');
    expect(calls.take()).toEqual(['QueryCommand']);
    await fill(log, id, { from: 4, to: RING + 2 });
    calls.take();
    expect((await log.readFrom(id, RING - 1, 64)).items).toHaveLength(4);
    expect(calls.take()).toEqual(['QueryCommand', 'QueryCommand']);
  });

  it('items that are more than a page of 1 MB are read completely', async () => {
    const id = subtask(0, 'pages');
    const payload = { kind: 'inline' as const, bytes: new Uint8Array(300 << 10).fill(7) };
    for (let version = 1; version <= 8; version++) await log.append(id, logItem(version, { payload }));
    const { items, stop } = await log.readFrom(id, 1, 64);
    expect(items.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(stop).toBe('head');
  });

  it('the largest payload that is not spilled fits into an item many times over', async () => {
    const id = { run: 'r'.repeat(200), vertex: 'v'.repeat(200), subtask: LIMITS.parallelismMax };
    const bytes = new Uint8Array(LIMITS.logInlineBytesMax);
    const item = logItem(1, { payload: { kind: 'inline', bytes }, code: 'c'.repeat(64) });
    expect(await log.append(id, item)).toEqual({ kind: 'accepted' });
    expect(await log.readSlot(id, 1)).toEqual(item);
    expect(LIMITS.logInlineBytesMax).toBeLessThan(LIMITS.logItemBytesMax);
  });

  it('an item of more than 400 KB is refused by DynamoDB for good, and nothing is written', async () => {
    const id = subtask(0, 'large');
    const fits = new Uint8Array(LIMITS.logItemBytesMax);
    expect(await log.append(id, logItem(1, { payload: { kind: 'inline', bytes: fits } }))).toEqual({
      kind: 'accepted',
    });
    const bytes = new Uint8Array(400 << 10);
    const append = log.append(id, logItem(2, { payload: { kind: 'inline', bytes } }));
    await expect(append).rejects.toMatchObject({ code: 'AWS_REFUSED' });
    expect(await log.readSlot(id, 2)).toBeUndefined();
  });

  it('a table that is not there is told from one that is busy', async () => {
    const gone = new DynamoDbSubtaskLog({ client: clients.dynamo, table: 'no-such-table', ringSize: RING });
    await expect(gone.append(subtask(), logItem(1))).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
    await expect(gone.readFrom(subtask(), 1, 1)).rejects.toMatchObject({ code: 'AWS_RESOURCE_MISSING' });
  });
});

describe('DynamoDbKeyedTable', () => {
  const scope = { run: 'run', operator: 'op' };
  let name = '';
  let table: DynamoDbKeyedTable;
  beforeAll(async () => {
    name = await clients.createTable(STATE_TABLE);
    table = new DynamoDbKeyedTable({ client: clients.dynamo, table: name });
  });
  afterAll(() => clients.deleteTable(name));

  it('keys and places longer than those of DynamoDB come back whole', async () => {
    const rows: readonly VersionedRow[] = ['a', 'b'].flatMap((end) =>
      [10, 1019, 1030, 5000].map((length) => ({
        key: encodeKey('k'.repeat(5000) + end),
        place: encodeKey('p'.repeat(length)),
        version: 1,
        value: Buffer.from(`${end}${length}`),
      })),
    );
    await table.write(scope, rows);
    const keys = ['a', 'b'].map((end) => encodeKey('k'.repeat(5000) + end));
    const loaded = (await table.load(scope, keys)).flat();
    const textOf = ({ key, place, value = new Uint8Array() }: VersionedRow): string =>
      [key, place, value].map((bytes) => Buffer.from(bytes).toString('hex')).join(' ');
    expect(loaded.map(textOf).sort()).toEqual(rows.map(textOf).sort());
  });

  it.each([5000, 90_000])(
    'the largest row fits, also with a place of %i bytes; of rows with a larger one none is written',
    async (placeBytes) => {
      const key = encodeKey(`${placeBytes} ${'x'.repeat(5000)}`);
      const row = (part: number, bytes: number): VersionedRow => {
        const place = encodeKey(['p'.repeat(placeBytes), part]);
        return { key, place, version: 1, value: new Uint8Array(bytes - place.length) };
      };
      const largest = row(1, LIMITS.tableRowBytesMax);
      await table.write(scope, [largest]);
      const write = table.write(scope, [
        row(2, LIMITS.tableRowBytesMax),
        row(3, LIMITS.tableRowBytesMax + 1),
      ]);
      await expect(write).rejects.toMatchObject({ code: 'STATE_VALUE_INVALID' });
      const [rows = []] = await table.load(scope, [key]);
      expect(rows.map(({ value }) => value?.length)).toEqual([largest.value?.length]);
    },
  );

  it('a key is one query, a row one put, a removal one delete', async () => {
    const rows = [1, 2, 3].map((place) => ({
      key: encodeKey('calls'),
      place: encodeKey(place),
      version: 4,
      value: Buffer.from('v'),
    }));
    calls.take();
    await table.write(scope, rows);
    expect(calls.take()).toEqual(Array(3).fill('PutItemCommand'));
    await table.load(scope, [encodeKey('calls'), encodeKey('none')]);
    expect(calls.take()).toEqual(Array(2).fill('QueryCommand'));
    await table.remove(scope, rows);
    expect(calls.take()).toEqual(Array(3).fill('DeleteItemCommand'));
    expect(await table.load(scope, [encodeKey('calls')])).toEqual([[]]);
  });
});
