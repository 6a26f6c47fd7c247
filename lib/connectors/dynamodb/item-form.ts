/** What makes a record an item of a table. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { messageOf, RecordError } from '../../core/errors.ts';
import type { DynamoDbTarget } from './dynamodb-sink.ts';
import { attributesOf } from './item-value.ts';

/** Tells the place of an item's record among all that the job has written. */
export const VERSION_ATTRIBUTE = 'millraceVersion';

const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;

export type Attributes = Record<string, AttributeValue>;

export interface ItemForm {
  /** Of the JSON of a record. Throws RecordError RECORD_INVALID for one that is no item. */
  attributesOf(json: string): Attributes;
  /** Differs for items of different primary keys. Throws RecordError KEY_INVALID. */
  keyOf(attributes: Attributes): string;
}

type ItemTarget = Pick<DynamoDbTarget, 'table' | 'partitionKey' | 'sortKey'>;

/** The items of `target`. */
export function itemForm({ table, partitionKey, sortKey }: ItemTarget): ItemForm {
  return {
    attributesOf: (json) => checkedAttributes(JSON.parse(json), table),
    keyOf: (attributes) => {
      const partition = keyPart(attributes, {
        table,
        field: partitionKey,
        bytesMax: PARTITION_KEY_BYTES_MAX,
      });
      if (sortKey === undefined) return JSON.stringify([partition]);
      const sort = keyPart(attributes, { table, field: sortKey, bytesMax: SORT_KEY_BYTES_MAX });
      return JSON.stringify([partition, sort]);
    },
  };
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
      `${part === undefined ? 'none' : 'another value'}.`,
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
