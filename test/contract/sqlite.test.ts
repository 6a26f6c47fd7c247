import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../lib/adapters/sqlite/sqlite-store.ts';
import type { Open } from './contract-cases.ts';
import { describeGroupLog } from './group-log-contract.ts';
import { describeJobRecords } from './job-records-contract.ts';
import { RING_SIZE } from './log-samples.ts';
import { describeObjectStore } from './object-store-contract.ts';
import { describeSubtaskLog } from './subtask-log-contract.ts';

/** Opens a store in a directory of its own and gives a part of it. */
function opening<T>(part: (store: SqliteStore) => T): Open<T> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-contract-'));
    const store = SqliteStore.open(folder, { jobName: 'contract', ringSize: RING_SIZE });
    return {
      subject: part(store),
      close: async () => {
        store.close();
        rmSync(folder, { recursive: true });
      },
    };
  };
}

describeSubtaskLog(
  'sqlite',
  opening((store) => store.log),
);
describeGroupLog(
  'sqlite',
  opening((store) => store.log),
);
describeObjectStore(
  'sqlite',
  opening((store) => store.objects),
);
describeJobRecords(
  'sqlite',
  opening((store) => store.records),
);
