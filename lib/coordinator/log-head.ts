import { RetryableError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BaseRecord, LogItem } from '../core/log/log-item.ts';
import { type SubtaskId, subtaskPath } from '../core/log/subtask-id.ts';
import type { SubtaskLog } from '../ports/subtask-log.ts';

/** The end of a log. */
export interface LogHead {
  /** The last item; undefined if there is none. */
  readonly item: LogItem | undefined;
  /** As it was read before the head was looked for: never ahead of it. */
  readonly base: BaseRecord | undefined;
}

/**
 * Finds the last item by bisection: between base and base + ring size a slot holds its version exactly if
 * the head has reached it (I1, I3). Reads as many items as the ring size has binary digits.
 *
 * Throws RetryableError IO_FAILED if the log is overrun again and again while it is read.
 */
export async function findHead(log: SubtaskLog, subtask: SubtaskId): Promise<LogHead> {
  for (let attempt = 0; attempt < LIMITS.coordinatorAttemptsMax; attempt++) {
    const base = await log.readBase(subtask);
    const head = await bisect(log, subtask, base?.version ?? 0);
    if (head !== 'overrun') return { item: head, base };
  }
  throw movingTooFast(subtask);
}

/** Heads of the logs of one run as a process has seen them: one that has not moved since costs one read. */
export class KnownHeads {
  readonly #log: SubtaskLog;
  readonly #items = new Map<string, LogItem>();
  #run = '';

  constructor(log: SubtaskLog) {
    this.#log = log;
  }

  /** As `findHead`. */
  async find(subtask: SubtaskId): Promise<LogItem | undefined> {
    if (subtask.run !== this.#run) this.#items.clear();
    this.#run = subtask.run;
    const path = subtaskPath(subtask);
    const known = this.#items.get(path);
    if (known !== undefined && (await this.#isHead(subtask, known))) return known;
    const { item } = await findHead(this.#log, subtask);
    if (item !== undefined) this.#items.set(path, item);
    return item;
  }

  /** (I1) Versions are dense: if the next one is not there, none is behind it. */
  async #isHead(subtask: SubtaskId, { version }: LogItem): Promise<boolean> {
    const next = await this.#log.readSlot(subtask, version + 1);
    return next === undefined || next.version <= version;
  }
}

/** A log whose slots were used again each time it was read. */
export function movingTooFast(subtask: SubtaskId): RetryableError {
  return new RetryableError(
    'IO_FAILED',
    `The log of ${subtaskPath(subtask)} moved on ${LIMITS.coordinatorAttemptsMax} times while it was read; ` +
      'try again.',
  );
}

async function bisect(
  log: SubtaskLog,
  subtask: SubtaskId,
  baseVersion: number,
): Promise<LogItem | undefined | 'overrun'> {
  let reached = baseVersion;
  let found: LogItem | undefined;
  let beyond = baseVersion + log.ringSize + 1;
  while (beyond - reached > 1) {
    const middle = Math.floor((reached + beyond) / 2);
    const item = await log.readSlot(subtask, middle);
    if (item !== undefined && item.version > middle) return 'overrun';
    if (item?.version === middle) {
      reached = middle;
      found = item;
    } else {
      beyond = middle;
    }
  }
  if (found !== undefined || baseVersion === 0) return found;
  const item = await log.readSlot(subtask, baseVersion);
  return item?.version === baseVersion ? item : 'overrun';
}
