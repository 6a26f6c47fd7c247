/** What a state directory says of its job, also while the job runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LIMITS } from '../../core/limits.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import { DATABASE_NAME } from './sqlite-store.ts';
import { StateLock } from './state-lock.ts';

export interface StateSummary {
  readonly jobName: string;
  /** A process uses the directory. */
  readonly running: boolean;
  /** Values of the records by key: plain JSON data. */
  readonly records: ReadonlyMap<string, unknown>;
}

/** Undefined if there is no state in `folder`. Throws UserError STATE_…. */
export function readStateSummary(folder: string): StateSummary | undefined {
  const path = join(folder, DATABASE_NAME);
  if (!existsSync(path)) return undefined;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: LIMITS.storeLockWaitMs });
    const name = database.prepare("SELECT value FROM meta WHERE key = 'jobName'").get();
    const rows = database.prepare('SELECT key, value FROM record').all();
    return {
      jobName: String(name?.value),
      running: StateLock.isHeld(folder),
      records: new Map(rows.map(({ key, value }) => [String(key), JSON.parse(String(value)) as unknown])),
    };
  } catch (error) {
    throw sqliteFailure(path, error);
  } finally {
    database?.close();
  }
}
