import type { Clock } from '../ports/clock.ts';
import type { JobRecords } from '../ports/job-records.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SubtaskInvoker } from '../ports/subtask-invoker.ts';
import type { SubtaskLog } from '../ports/subtask-log.ts';
import type { CoordinatorRules } from '../protocol/coordinator-rules.ts';

/** What the steps of a coordinator act upon. */
export interface CoordinatorPorts {
  readonly log: SubtaskLog;
  readonly objects: ObjectStore;
  readonly records: JobRecords;
  readonly invoker: SubtaskInvoker;
  readonly clock: Clock;
  readonly rules: CoordinatorRules;
  /** A new name part at every call, never the same in any process; without `/`. */
  readonly nonce: () => string;
}
