import type { TableSchema } from '../lib/adapters/dynamodb/table-schemas.ts';

/** Keyed state of the `table` backend. */
export const STATE_TABLE: TableSchema = {
  partitionKey: { name: 'pk', type: 'B' },
  sortKey: { name: 'sk', type: 'B' },
};
