/** Keys of the tables of a job, for those who create them. */

export interface TableKey {
  readonly name: string;
  readonly type: 'S' | 'N' | 'B';
}

export interface TableSchema {
  readonly partitionKey: TableKey;
  readonly sortKey: TableKey;
  /** Attribute with the time from which an item may be removed. Unit: s since the epoch. */
  readonly timeToLive?: string;
}

/** Slots and base of a subtask: partition `run/vertex/subtask`, sort key the slot or `BASE_SLOT`. */
export const LOG_TABLE: TableSchema = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'N' },
};

/** Records of jobs: partition the job, sort key the key of the record. */
export const JOB_TABLE: TableSchema = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
};

/** Keyed state of the `table` backend: partition run, operator and key, sort key the place. */
export const STATE_TABLE: TableSchema = {
  partitionKey: { name: 'pk', type: 'B' },
  sortKey: { name: 'sk', type: 'B' },
  timeToLive: 'ttl',
};
