import { type AttributeValue, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { callAws, isFailedCondition } from '../../core/aws-failure.ts';
import { mapConcurrently } from '../../core/concurrent-calls.ts';
import type { CommitRequest, CommittableId, Committer, SinkRuntime } from '../../core/connector.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';
import { loadMessageText } from '../message/message-format.ts';
import { type MessageBatch, MessageWriter } from '../message/message-writer.ts';
import type { DynamoDbTarget } from './dynamodb-sink.ts';
import { type ItemForm, itemForm, VERSION_ATTRIBUTE } from './item-form.ts';

/** The code of a DynamoDB sink. */
export async function createDynamoDbSinkRuntime<T>(
  spec: FileSinkSpec<T>,
  target: DynamoDbTarget,
): Promise<SinkRuntime<T, MessageBatch>> {
  const text = await loadMessageText(spec);
  const form = itemForm(target);
  return {
    createWriter: async () =>
      new MessageWriter<T>({
        target: `Table ${target.table}`,
        messageOf: (value) => {
          const body = text(value);
          return { key: form.keyOf(body), body };
        },
        lastOfKey: true,
      }),
    createCommitter: async () => new ItemCommitter(await target.client(), target.table, form),
  };
}

/**
 * Writes the items of commits, each iff the table holds no newer record in its place.
 *
 * 1. (I16) An attempt that is repeated, or late, changes nothing that came after it.
 */
class ItemCommitter implements Committer<MessageBatch> {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #form: ItemForm;
  /** Versions by keys that the table is known to hold; of a commit that is attempted again. */
  readonly #held = new Map<string, string>();

  constructor(client: DynamoDBClient, table: string, form: ItemForm) {
    this.#client = client;
    this.#table = table;
    this.#form = form;
  }

  async commit(requests: readonly CommitRequest<MessageBatch>[]): Promise<void> {
    const latest = new Map<string, { readonly body: string; readonly version: string }>();
    for (const { id, committable } of requests) {
      const version = versionText(id);
      for (const [i, body] of committable.bodies.entries()) {
        const key = committable.keys[i] ?? '';
        const known = latest.get(key);
        if (known === undefined || known.version < version) latest.set(key, { body, version });
      }
    }
    // A throttled table would never take a commit that begins anew each time: a refused write has its price.
    const due = [...latest].filter(([key, { version }]) => this.#held.get(key) !== version);
    await mapConcurrently(due, async ([key, { body, version }]) => {
      await this.#put({ ...this.#form.attributesOf(body), [VERSION_ATTRIBUTE]: { S: version } }, version);
      this.#held.set(key, version);
    });
    this.#held.clear();
  }

  async #put(item: Record<string, AttributeValue>, version: string): Promise<void> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: item,
      ConditionExpression: 'attribute_not_exists(#v) OR #v < :v',
      ExpressionAttributeNames: { '#v': VERSION_ATTRIBUTE },
      ExpressionAttributeValues: { ':v': { S: version } },
    });
    await callAws(`The write of an item to table ${this.#table}`, async () => {
      try {
        await this.#client.send(put);
      } catch (error) {
        // The table holds this record or a newer one.
        if (!isFailedCondition(error)) throw error;
      }
    });
  }
}

/** Compares as text like (lineage, version, index). */
function versionText({ lineage, version, index }: CommittableId): string {
  return [lineage, version, index].map((part) => String(part).padStart(16, '0')).join('.');
}
