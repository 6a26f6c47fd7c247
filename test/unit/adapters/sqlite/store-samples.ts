import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SqliteStore, type SqliteStoreOptions } from '../../../../lib/adapters/sqlite/sqlite-store.ts';
import type { LogItem } from '../../../../lib/core/log/log-item.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';

export const SUBTASK: SubtaskId = { run: 'run-1', vertex: 'count', subtask: 0 };

/** A folder that is removed when the test ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store that is closed when the test ends. */
export function openStore(folder: string, options: Partial<SqliteStoreOptions> = {}): SqliteStore {
  const store = SqliteStore.open(folder, { jobName: 'words', ...options });
  onTestFinished(() => store.close());
  return store;
}

export function item(version: number, bytes: Uint8Array = Uint8Array.of(version)): LogItem {
  return {
    version,
    writer: `writer-of-${version}`,
    kind: 'data',
    epoch: 1,
    sentThrough: version - 1,
    processingTime: 1_700_000_000_000,
    code: 'code-1',
    due: undefined,
    inboxPending: false,
    payload: { kind: 'inline', bytes },
  };
}

/** The last version in the log of SUBTASK. */
export async function headOf(store: SqliteStore): Promise<number> {
  const { items } = await store.log.readFrom(SUBTASK, 1, 10_000);
  return items.at(-1)?.version ?? 0;
}

/** What `act` throws. */
export function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
