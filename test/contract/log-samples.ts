import { expect } from 'vitest';
import type { LogItem } from '../../lib/core/log/log-item.ts';
import type { SubtaskId } from '../../lib/core/log/subtask-id.ts';
import type { SubtaskLog } from '../../lib/ports/subtask-log.ts';

/** Slots of the logs that the suites open: small, so that laps are short. */
export const RING_SIZE = 8;

export function subtask(index = 0, run = 'run-1'): SubtaskId {
  return { run, vertex: 'count words', subtask: index };
}

/** An item of `version`; the fields that a case does not care about are plain. */
export function logItem(version: number, fields: Partial<LogItem> = {}): LogItem {
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
    payload: { kind: 'inline', bytes: Uint8Array.of(version) },
    ...fields,
  };
}

/** Appends the versions `from` … `to`, which must all be accepted. */
export async function fill(
  log: SubtaskLog,
  id: SubtaskId,
  { from = 1, to }: { readonly from?: number; readonly to: number },
): Promise<void> {
  for (let version = from; version <= to; version++) {
    expect(await log.append(id, logItem(version))).toEqual({ kind: 'accepted' });
  }
}
