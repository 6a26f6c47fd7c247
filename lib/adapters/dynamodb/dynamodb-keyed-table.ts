/**
 * Keyed state in a DynamoDB table: a partition per key, an item per place.
 *
 * 1. In a place the newest version wins, whoever writes last: every put and every removal is conditional.
 * 2. Rows are put one by one, not in transactions: a transaction costs twice as much, and one old row among
 *    its rows would refuse all.
 * 3. Every read of a key is strongly consistent.
 * 4. A tombstone goes by itself, long after any writer that carries an older row for its place is gone.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { callAws } from '../../core/aws-failure.ts';
import { mapConcurrently } from '../../core/concurrent-calls.ts';
import { InvariantError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { VersionedRow } from '../../core/log/keyed-row.ts';
import type { Clock } from '../../ports/clock.ts';
import { type KeyedTable, requireFittingRow, type TableScope } from '../../ports/keyed-table.ts';
import { systemClock } from '../system/system-clock.ts';
import { numeric } from './item-attributes.ts';
import { deleteKeys } from './partition-deletion.ts';
import { isWholePlace, partitionKeyOf, runPrefix, sortKeyOf } from './state-key.ts';

type Attributes = Record<string, AttributeValue>;

export interface DynamoDbKeyedTableOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** @default the clock of the system */
  readonly clock?: Pick<Clock, 'now'>;
}

export class DynamoDbKeyedTable implements KeyedTable {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ client, table, clock = systemClock }: DynamoDbKeyedTableOptions) {
    this.#clock = clock;
    this.#client = client;
    this.#table = table;
  }

  load(scope: TableScope, keys: readonly Uint8Array[]): Promise<readonly (readonly VersionedRow[])[]> {
    return mapConcurrently(keys, (key) => this.#loadKey(scope, key));
  }

  /** Throws UserError STATE_VALUE_INVALID for a row that no item can hold; then no row is written. */
  async write(scope: TableScope, rows: readonly VersionedRow[]): Promise<void> {
    for (const row of rows) requireFittingRow(scope.operator, row);
    const expiry = Math.ceil((this.#clock.now() + LIMITS.tombstoneAgeMs) / 1000);
    await mapConcurrently(rows, async (row) => {
      const put = new PutItemCommand({
        TableName: this.#table,
        Item: { ...keyOf(scope, row), ...attributesOfRow(row, expiry) },
        ConditionExpression: 'attribute_not_exists(pk) OR v < :version',
        ExpressionAttributeValues: { ':version': numeric(row.version) },
      });
      await ifConditionHolds(`A write to ${this.#table}`, () => this.#client.send(put));
    });
  }

  async remove(scope: TableScope, rows: readonly Omit<VersionedRow, 'value'>[]): Promise<void> {
    await mapConcurrently(rows, async (row) => {
      const removal = new DeleteItemCommand({
        TableName: this.#table,
        Key: keyOf(scope, row),
        ConditionExpression: 'v = :version',
        ExpressionAttributeValues: { ':version': numeric(row.version) },
      });
      await ifConditionHolds(`A removal from ${this.#table}`, () => this.#client.send(removal));
    });
  }

  /** Reads the whole table: runs end seldom. */
  async deleteRun(run: string): Promise<void> {
    let start: Attributes | undefined;
    do {
      const scan = new ScanCommand({
        TableName: this.#table,
        FilterExpression: 'begins_with(pk, :run)',
        ExpressionAttributeValues: { ':run': { B: runPrefix(run) } },
        ProjectionExpression: 'pk, sk',
        ConsistentRead: true,
        ExclusiveStartKey: start,
      });
      const page = await callAws(`A scan of ${this.#table}`, () => this.#client.send(scan));
      await deleteKeys(this.#client, this.#table, page.Items ?? []);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async #loadKey(scope: TableScope, key: Uint8Array): Promise<readonly VersionedRow[]> {
    const rows: VersionedRow[] = [];
    let start: Attributes | undefined;
    do {
      const query = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { B: partitionKeyOf(scope, key) } },
        ConsistentRead: true,
        ExclusiveStartKey: start,
      });
      const page = await callAws(`A read of ${this.#table}`, () => this.#client.send(query));
      for (const item of page.Items ?? []) rows.push(rowOf(key, item));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return rows;
  }
}

function keyOf(scope: TableScope, { key, place }: Pick<VersionedRow, 'key' | 'place'>): Attributes {
  return { pk: { B: partitionKeyOf(scope, key) }, sk: { B: sortKeyOf(place) } };
}

/** Without the key. A tombstone has no value, and goes at its `expiry`. Unit: s since the epoch. */
function attributesOfRow({ place, version, value }: VersionedRow, expiry: number): Attributes {
  return {
    v: numeric(version),
    ...(isWholePlace(sortKeyOf(place)) ? {} : { l: { B: place } }),
    ...(value === undefined ? { ttl: numeric(expiry) } : { d: { B: value } }),
  };
}

function rowOf(key: Uint8Array, { sk, v, l, d }: Attributes): VersionedRow {
  const place = l?.B ?? sk?.B;
  if (place === undefined || v?.N === undefined) {
    throw new InvariantError('INVARIANT', 'The state table holds what is no row of keyed state.');
  }
  return {
    key: Uint8Array.from(key),
    place: new Uint8Array(place),
    version: Number(v.N),
    value: d?.B && new Uint8Array(d.B),
  };
}

/** A condition that does not hold means that the table is further already. */
async function ifConditionHolds(what: string, call: () => Promise<unknown>): Promise<void> {
  await callAws(what, async () => {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  });
}
