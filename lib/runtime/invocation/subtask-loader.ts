/**
 * Brings a subtask into memory and up to the head of its log.
 *
 * 1. (I9) The result equals the fold of the log items 1…version: base, chunks, then every item, in order.
 * 2. (I2) The head is where a slot of the lap before, or an empty one, follows; a slot of a later lap means
 *    that the base has moved.
 * 3. A missing object means the same: the base record is read again.
 */
import { RetryableError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ChunkRef } from '../../core/log/base-manifest.ts';
import type { EntryPayload } from '../../core/log/entry-payload.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import { parseChunkName } from '../../core/log/paths.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import {
  MissingObjectError,
  persistently,
  readBaseManifest,
  readChunk,
  readPayload,
} from '../../ports/stored-objects.ts';
import { SubtaskVectors } from '../../protocol/subtask-vectors.ts';
import type { InvocationContext } from './invocation-ports.ts';
import { Replica } from './replica.ts';
import type { SubtaskProgram } from './subtask-program.ts';

export type ProgramFactory = () => Promise<SubtaskProgram>;

/** An item with its payload. */
export interface ReadEntry {
  readonly item: LogItem;
  readonly payload: EntryPayload;
}

/** Throws RetryableError IO_FAILED if the log moves on each time it is read. */
export async function loadReplica(context: InvocationContext, create: ProgramFactory): Promise<Replica> {
  for (let attempt = 0; attempt < LIMITS.invocationTriesMax; attempt++) {
    const program = await create();
    try {
      const replica = await loadInto(context, program);
      if (replica !== undefined) return replica;
    } catch (error) {
      await program.close();
      if (!(error instanceof MissingObjectError) || attempt + 1 === LIMITS.invocationTriesMax) throw error;
      continue;
    }
    await program.close();
  }
  throw new RetryableError(
    'IO_FAILED',
    `The log of ${subtaskPath(context.subtask)} moved on ${LIMITS.invocationTriesMax} times while it ` +
      'was read; try again.',
  );
}

async function loadInto(context: InvocationContext, program: SubtaskProgram): Promise<Replica | undefined> {
  const { log, objects, subtask } = context;
  const vectors = new SubtaskVectors();
  const base = await persistently(() => log.readBase(subtask));
  const manifest = base && (await readBaseManifest(objects, base.manifest));
  if (manifest !== undefined) vectors.restore(manifest);
  const replica = new Replica(vectors, program, base);
  for (const chunk of manifest?.chunks ?? []) await readInto(context, replica, chunk);
  return (await applyTail(context, replica)) ? replica : undefined;
}

/** What a table has is not read; of what it may lack the replica takes a note. */
async function readInto({ objects }: InvocationContext, replica: Replica, chunk: ChunkRef): Promise<void> {
  const content = parseChunkName(chunk.name);
  const inTable = replica.program.tableState !== undefined;
  if (inTable && content.kind === 'rows') return;
  const deltas = await readChunk(objects, chunk);
  if (inTable && content.kind === 'repeated') replica.noteRepeated(content.version, deltas);
  else replica.program.applyState(deltas);
}

/** Applies the items behind the replica; false if the log was overrun. */
async function applyTail(context: InvocationContext, replica: Replica): Promise<boolean> {
  for (;;) {
    const tail = await readTail(context, replica.version + 1);
    if (tail === 'overrun') return false;
    for (const { item, payload } of tail.entries) {
      if (payload.operators.length > 0) replica.program.applyState(payload.operators);
      applyEntry(replica, { item, payload });
    }
    if (tail.atHead) return true;
  }
}

/** One page of entries from `from` on. Throws MissingObjectError. */
export async function readTail(
  { log, objects, subtask, rules }: InvocationContext,
  from: number,
): Promise<{ readonly entries: readonly ReadEntry[]; readonly atHead: boolean } | 'overrun'> {
  const scan = await persistently(() => log.readFrom(subtask, from, LIMITS.catchUpItemsMax));
  const meaning = rules.meaningOfScan(scan.stop);
  if (meaning === 'reload') return 'overrun';
  const entries: ReadEntry[] = [];
  for (const item of scan.items) entries.push({ item, payload: await readPayload(objects, item) });
  return { entries, atHead: meaning === 'head' };
}

/** The entry becomes part of vectors that stand right before it. */
export function applyEntry(replica: Replica, { item, payload }: ReadEntry): void {
  replica.vectors.apply(item, payload);
  replica.noteRows(item, payload.operators);
  for (const id of payload.performed) replica.performed.delete(id);
  replica.noteItem(item);
}

/**
 * Brings a clean replica up to the head without loading it again; false if that cannot be done and the
 * replica is of no use any more.
 */
export async function catchUp(context: InvocationContext, replica: Replica): Promise<boolean> {
  const before = replica.version;
  try {
    if (!(await applyTail(context, replica))) return false;
  } catch (error) {
    replica.uncommitted = true;
    // A payload is removed once a base holds what it said: the log has gone far ahead.
    if (error instanceof MissingObjectError) return false;
    throw error;
  }
  if (!replica.opened || replica.version === before) return true;
  if (await replica.program.catchUp(replica.vectors)) return true;
  replica.uncommitted = true;
  return false;
}
