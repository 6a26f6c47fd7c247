/**
 * Logs of subtasks in a DynamoDB table: an item per slot, an item for the base.
 *
 * 1. (I1) An append is one conditional put; a refusal brings the item that stands in its way, so that a loser
 *    reads nothing.
 * 2. (I2) Nothing expires and nothing is deleted while a run lives. Every read is strongly consistent.
 * 3. The client may repeat a put whose answer is lost: its own nonce in the slot tells.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { callAws } from '../../core/aws-failure.ts';
import type { BaseRecord, LogItem } from '../../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { AppendResult, LogScan, SubtaskLog } from '../../ports/subtask-log.ts';
import {
  type Attributes,
  attributesOfBase,
  attributesOfItem,
  baseOf,
  itemOf,
  numeric,
} from './item-attributes.ts';
import { deletePartition } from './partition-deletion.ts';

/** Sort key of the base; slots are 0 and up. */
const BASE_SLOT = -1;

export interface DynamoDbLogOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The same for all who use the table. */
  readonly ringSize: number;
}

interface Page {
  readonly held: readonly LogItem[];
  /** The slot behind these holds nothing. */
  readonly endsInGap: boolean;
}

export class DynamoDbSubtaskLog implements SubtaskLog {
  readonly ringSize: number;
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor({ client, table, ringSize }: DynamoDbLogOptions) {
    this.#client = client;
    this.#table = table;
    this.ringSize = ringSize;
  }

  async append(subtask: SubtaskId, item: LogItem): Promise<AppendResult> {
    const lapBefore = item.version - this.ringSize;
    const first = lapBefore <= 0;
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: { ...this.#key(subtask, item.version % this.ringSize), ...attributesOfItem(item) },
      ConditionExpression: first ? 'attribute_not_exists(pk)' : 'v = :before',
      ...(first ? {} : { ExpressionAttributeValues: { ':before': numeric(lapBefore) } }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return callAws(`The append of version ${item.version} of ${subtaskPath(subtask)}`, async () => {
      try {
        await this.#client.send(put);
        return { kind: 'accepted' };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { kind: 'refused', found: error.Item && itemOf(error.Item) };
      }
    });
  }

  async readSlot(subtask: SubtaskId, version: number): Promise<LogItem | undefined> {
    const attributes = await this.#get(subtask, version % this.ringSize);
    return attributes && itemOf(attributes);
  }

  async readFrom(subtask: SubtaskId, fromVersion: number, limit: number): Promise<LogScan> {
    const items: LogItem[] = [];
    while (items.length < limit) {
      const next = fromVersion + items.length;
      const { held: page, endsInGap } = await this.#readPage(subtask, next, limit - items.length);
      for (const [i, held] of page.entries()) {
        if (held.version > next + i) return { items, stop: 'overrun' };
        if (held.version < next + i) return { items, stop: 'head' };
        items.push(held);
      }
      if (endsInGap) return { items, stop: 'head' };
    }
    return { items, stop: 'limit' };
  }

  async readBase(subtask: SubtaskId): Promise<BaseRecord | undefined> {
    const attributes = await this.#get(subtask, BASE_SLOT);
    return attributes && baseOf(attributes);
  }

  async moveBase(subtask: SubtaskId, base: BaseRecord): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: { ...this.#key(subtask, BASE_SLOT), ...attributesOfBase(base) },
      ConditionExpression: 'attribute_not_exists(pk) OR v < :version',
      ExpressionAttributeValues: { ':version': numeric(base.version) },
    });
    return callAws(`The move of the base of ${subtaskPath(subtask)}`, async () => {
      try {
        await this.#client.send(put);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    });
  }

  async deleteLog(subtask: SubtaskId): Promise<void> {
    await deletePartition(this.#client, this.#table, subtaskPath(subtask));
  }

  #key(subtask: SubtaskId, slot: number): Attributes {
    return { pk: { S: subtaskPath(subtask) }, sk: numeric(slot) };
  }

  /** What the slots of `from`, `from` + 1 … hold, up to an empty one, a page's end or the end of the ring. */
  async #readPage(subtask: SubtaskId, from: number, limit: number): Promise<Page> {
    const slot = from % this.ringSize;
    // A query goes no further than the end of the ring.
    const last = Math.min(slot + limit, this.ringSize) - 1;
    const query = new QueryCommand({
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':pk': { S: subtaskPath(subtask) },
        ':first': numeric(slot),
        ':last': numeric(last),
      },
      ConsistentRead: true,
    });
    const { Items = [], LastEvaluatedKey } = await callAws(
      `The read of ${subtaskPath(subtask)} from version ${from}`,
      () => this.#client.send(query),
    );
    const gap = Items.findIndex(({ sk }, i) => Number(sk?.N) !== slot + i);
    const held = (gap < 0 ? Items : Items.slice(0, gap)).map(itemOf);
    const isShort = LastEvaluatedKey === undefined && Items.length < last - slot + 1;
    return { held, endsInGap: gap >= 0 || isShort };
  }

  async #get(subtask: SubtaskId, slot: number): Promise<Attributes | undefined> {
    const get = new GetItemCommand({
      TableName: this.#table,
      Key: this.#key(subtask, slot),
      ConsistentRead: true,
    });
    const { Item } = await callAws(`The read of slot ${slot} of ${subtaskPath(subtask)}`, () =>
      this.#client.send(get),
    );
    return Item;
  }
}
