/**
 * Reads a subtask without running it.
 *
 * 1. The result equals the fold of log items 1…version (I9): base, chunks, then every item behind, in order.
 * 2. An object that is missing, or a slot of a later lap, means that the base has moved: the base record is
 *    read again.
 */
import { LIMITS } from '../core/limits.ts';
import type { BaseManifest } from '../core/log/base-manifest.ts';
import type { BaseRecord, LogItem } from '../core/log/log-item.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import { MissingObjectError, readBaseManifest, readChunks, readPayload } from '../ports/stored-objects.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { movingTooFast } from './log-head.ts';
import { SubtaskFold } from './subtask-fold.ts';

type ReaderPorts = Pick<CoordinatorPorts, 'log' | 'objects'>;

/** A subtask at the head of its log. */
export interface ReadSubtask {
  readonly fold: SubtaskFold;
  readonly base: { readonly record: BaseRecord; readonly manifest: BaseManifest } | undefined;
  /** The items behind the base. */
  readonly items: readonly LogItem[];
}

/** Reads state and vectors at the head. Throws RetryableError IO_FAILED if the log moves too fast. */
export async function readSubtask(ports: ReaderPorts, subtask: SubtaskId): Promise<ReadSubtask> {
  for (let attempt = 0; attempt < LIMITS.coordinatorAttemptsMax; attempt++) {
    const record = await ports.log.readBase(subtask);
    try {
      const read = await readBehind(ports, subtask, record);
      if (read !== 'overrun') return read;
    } catch (error) {
      if (!(error instanceof MissingObjectError)) throw error;
      const now = await ports.log.readBase(subtask);
      if (now?.manifest === record?.manifest) throw error;
    }
  }
  throw movingTooFast(subtask);
}

async function readBehind(
  ports: ReaderPorts,
  subtask: SubtaskId,
  record: BaseRecord | undefined,
): Promise<ReadSubtask | 'overrun'> {
  const fold = new SubtaskFold();
  const manifest = record && (await readBaseManifest(ports.objects, record.manifest));
  if (manifest !== undefined) {
    fold.restore(manifest);
    await readChunks(ports.objects, manifest, (deltas, content) => fold.applyChunk(deltas, content));
  }
  const items = await readItems(ports, subtask, { from: fold.version + 1 });
  if (items === 'overrun') return items;
  for (const item of items) fold.apply(item, await readPayload(ports.objects, item));
  return { fold, base: record && manifest && { record, manifest }, items };
}

/** Items from `from` on, up to the head or the first for which `until` holds, which is left out. */
export async function readItems(
  { log }: Pick<ReaderPorts, 'log'>,
  subtask: SubtaskId,
  { from, until }: { readonly from: number; readonly until?: (item: LogItem) => boolean },
): Promise<readonly LogItem[] | 'overrun'> {
  const items: LogItem[] = [];
  for (;;) {
    const scan = await log.readFrom(subtask, from + items.length, LIMITS.coordinatorPageItemsMax);
    if (scan.stop === 'overrun') return 'overrun';
    const end = until === undefined ? -1 : scan.items.findIndex(until);
    items.push(...(end < 0 ? scan.items : scan.items.slice(0, end)));
    if (end >= 0 || scan.stop === 'head') return items;
  }
}
