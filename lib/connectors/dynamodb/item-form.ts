/** What makes a record an item of a table. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { messageOf, RecordError } from '../../core/errors.ts';
import type { DynamoDbTarget } from './dynamodb-sink.ts';
import { attributesOf, bytesOf } from './item-value.ts';

/** Tells the place of an item's record among all that the job has written. */
export const VERSION_ATTRIBUTE = 'millraceVersion';

/** Of an item of DynamoDB. */
const ITEM_BYTES_MAX = 400 << 10;
/** Of the attribute of the version: its name and its value. */
const VERSION_BYTES = 66;
/** How many bytes of an item come of one of JSON at most: an array of digits has one and a half. */
const GROWTH_MAX = 2;

const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;

export type Attributes = Record<string, AttributeValue>;

export interface ItemForm {
  /** Of the JSON of a record that has made an item before. */
  attributesOf(json: string): Attributes;
  /**
   * Of the JSON of a record; differs for items of different primary keys. Throws RecordError KEY_INVALID for
   * a record without one, RECORD_INVALID or RECORD_TOO_LONG for one that is no item.
   */
  keyOf(json: string): string;
}

type ItemTarget = Pick<DynamoDbTarget, 'table' | 'partitionKey' | 'sortKey'>;

/** The items of `target`. */
export function itemForm(target: ItemTarget): ItemForm {
  const { table } = target;
  return {
    attributesOf: (json) => checkedAttributes(JSON.parse(json), table),
    keyOf: (json) => {
      const attributes = checkedAttributes(JSON.parse(json), table);
      if (json.length > ITEM_BYTES_MAX / GROWTH_MAX) checkSize(attributes, table);
      return JSON.stringify(primaryKey(attributes, target));
    },
  };
}

function primaryKey(
  attributes: Attributes,
  { table, partitionKey, sortKey }: ItemTarget,
): readonly AttributeValue[] {
  const limits = { table, bytesMax: PARTITION_KEY_BYTES_MAX };
  const partition = keyPart(attributes, { ...limits, field: partitionKey });
  if (sortKey === undefined) return [partition];
  return [partition, keyPart(attributes, { ...limits, field: sortKey, bytesMax: SORT_KEY_BYTES_MAX })];
}

function checkSize(attributes: Attributes, table: string): void {
  const bytes = bytesOf(attributes) + VERSION_BYTES;
  if (bytes <= ITEM_BYTES_MAX) return;
  throw new RecordError(
    'RECORD_TOO_LONG',
    `Table ${table} takes items of at most ${ITEM_BYTES_MAX} bytes, this record makes one of ${bytes}. ` +
      'Write less of it, for example the name of an object that holds the rest.',
    { context: { location: table } },
  );
}

function checkedAttributes(value: unknown, table: string): Attributes {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw noItem(table, `an item is an object, this is ${JSON.stringify(value)}`);
  }
  if (VERSION_ATTRIBUTE in value)
    throw noItem(table, `its field "${VERSION_ATTRIBUTE}" has a name that is taken`);
  try {
    return attributesOf(value);
  } catch (error) {
    throw noItem(table, `it ${messageOf(error)}`);
  }
}

function keyPart(
  attributes: Attributes,
  { table, field, bytesMax }: { readonly table: string; readonly field: string; readonly bytesMax: number },
): AttributeValue {
  const part = attributes[field];
  if (part?.N !== undefined) return part;
  if (part?.S !== undefined && part.S !== '' && Buffer.byteLength(part.S) <= bytesMax) return part;
  throw new RecordError(
    'KEY_INVALID',
    `Table ${table} has the key "${field}": a number, or text of 1 to ${bytesMax} bytes. This record has ` +
      `${part === undefined ? 'none' : 'another value'}: set it before the sink.`,
    { context: { location: table } },
  );
}

function noItem(table: string, what: string): RecordError {
  return new RecordError(
    'RECORD_INVALID',
    `Table ${table} cannot hold a record: ${what}. Map it to an item before the sink.`,
    { context: { location: table } },
  );
}
