import type { Clock } from '../ports/clock.ts';
import type { JobRecords } from '../ports/job-records.ts';
import type { KeyedTable } from '../ports/keyed-table.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SubtaskInvoker } from '../ports/subtask-invoker.ts';
import type { SubtaskLog } from '../ports/subtask-log.ts';
import type { CoordinatorRules } from '../protocol/coordinator-rules.ts';

/** What the steps of a coordinator act upon. */
export interface CoordinatorPorts {
  readonly log: SubtaskLog;
  readonly objects: ObjectStore;
  /** Of keyed state; undefined for a job whose keyed state is all in memory. */
  readonly table?: KeyedTable | undefined;
  readonly records: JobRecords;
  readonly invoker: SubtaskInvoker;
  readonly clock: Clock;
  readonly rules: CoordinatorRules;
  /** A new name part at every call, never the same in any process; without `/`. */
  readonly nonce: () => string;
}
