/**
 * Appends items to a log without running its subtask.
 *
 * 1. A headless item takes everything but its kind and its epoch from the item before it (I4, I10).
 * 2. Nothing is appended behind a seal (I13).
 * 3. A full ring is compacted here: an idle subtask would never do it (I3).
 * 4. A repetition finds what the first attempt did and appends nothing more.
 */
import { encodeEntry } from '../core/codec/entry-codec.ts';
import { RetryableError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { LogItem } from '../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../core/log/subtask-id.ts';
import { compactSubtask } from './compaction.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { findHead, type LogHead } from './log-head.ts';
import { voidPayload } from './subtask-fold.ts';

type AppendPorts = Pick<CoordinatorPorts, 'log' | 'objects' | 'nonce' | 'rules' | 'table'>;

/** What an item that a coordinator appends says of itself. */
export interface HeadlessItem {
  readonly writer: string;
  /** Of the run; for the first item of a log. */
  readonly code: string;
}

/** The epoch item of checkpoint `n`; undefined if the log has the epoch already or is sealed. */
export function epochItem(
  head: LogItem | undefined,
  { writer, code, n }: HeadlessItem & { readonly n: number },
): LogItem | undefined {
  if (head?.kind === 'seal' || (head?.epoch ?? 0) >= n) return undefined;
  return { ...headlessItem(head, { writer, code }), kind: 'epoch', epoch: Math.max(head?.epoch ?? 0, n) };
}

/** The seal of a savepoint; undefined if the log is sealed already, however that came. */
export function sealItem(head: LogItem | undefined, item: HeadlessItem): LogItem | undefined {
  if (head?.kind === 'seal') return undefined;
  return { ...headlessItem(head, item), kind: 'seal', seal: 'savepoint' };
}

function headlessItem(head: LogItem | undefined, { writer, code }: HeadlessItem): Omit<LogItem, 'kind'> {
  return {
    version: (head?.version ?? 0) + 1,
    writer,
    epoch: head?.epoch ?? 0,
    sentThrough: head?.sentThrough ?? 0,
    processingTime: head?.processingTime ?? 0,
    code: head?.code ?? code,
    // Before its first version a subtask has not said what it waits for.
    due: head === undefined ? 0 : head.due,
    inboxPending: head?.inboxPending ?? false,
    payload: { kind: 'inline', bytes: encodeEntry(voidPayload()) },
  };
}

/**
 * Appends the item that `next` makes of the head, unless it makes none; the head afterwards.
 *
 * Throws RetryableError IO_FAILED if the subtask is faster every time.
 */
export async function appendHeadless(
  ports: AppendPorts,
  subtask: SubtaskId,
  next: (head: LogItem | undefined, writer: string) => LogItem | undefined,
): Promise<LogItem | undefined> {
  let known: LogHead | undefined;
  let failure: unknown;
  for (let attempt = 0; attempt < LIMITS.coordinatorAttemptsMax; attempt++) {
    const head = known ?? (await findHead(ports.log, subtask));
    known = undefined;
    const item = next(head.item, ports.nonce());
    if (item === undefined) return head.item;
    if (!hasRoom(head, item.version, ports.log.ringSize)) {
      await makeRoom(ports, subtask);
      continue;
    }
    try {
      const result = await ports.log.append(subtask, item);
      if (result.kind === 'accepted' || result.found?.writer === item.writer) return item;
      if (result.found?.version === item.version) known = { ...head, item: result.found };
    } catch (error) {
      // The outcome is unknown: the next look at the head tells, as the item says what it was appended for.
      if (!(error instanceof RetryableError)) throw error;
      failure = error;
    }
  }
  throw new RetryableError(
    'IO_FAILED',
    `Subtask ${subtaskPath(subtask)} was ahead ${LIMITS.coordinatorAttemptsMax} times; try again.`,
    { cause: failure },
  );
}

/** I3: what the slot holds is archived and part of the base. */
function hasRoom({ base }: LogHead, version: number, ringSize: number): boolean {
  const overwritten = version - ringSize;
  return overwritten <= 0 || Math.min(base?.version ?? 0, base?.archivedThrough ?? 0) >= overwritten;
}

async function makeRoom(ports: AppendPorts, subtask: SubtaskId): Promise<void> {
  if (ports.rules.compactsFullRing()) return compactSubtask(ports, subtask);
  throw new RetryableError('IO_FAILED', `The ring of ${subtaskPath(subtask)} is full; let it run.`);
}
