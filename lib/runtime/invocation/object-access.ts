/** Reads and writes the objects of a subtask, with bounded repetition. */
import { createHash } from 'node:crypto';
import { decodeEntry } from '../../core/codec/entry-codec.ts';
import { RetryableError, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryPayload } from '../../core/log/entry-payload.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/** An object is gone: what named it is out of date. */
export class VanishedObjectError extends UserError {
  constructor(name: string) {
    super(
      'STATE_CORRUPT',
      `Object ${name} is missing; restore from a checkpoint whose objects are complete.`,
    );
  }
}

/** Repeats `call` while it fails with a passing fault. */
export async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof RetryableError) || attempt >= LIMITS.invocationTriesMax) throw error;
    }
  }
}

/** Throws VanishedObjectError. */
export async function fetchObject(objects: ObjectStore, name: string): Promise<Uint8Array> {
  const bytes = await persistently(() => objects.get(name));
  if (bytes === undefined) throw new VanishedObjectError(name);
  return bytes;
}

/** Under a name that nobody else uses: a repetition after a lost answer finds its own bytes. */
export async function keepObject(objects: ObjectStore, name: string, bytes: Uint8Array): Promise<void> {
  await persistently(() => objects.put(name, bytes));
}

/** Throws VanishedObjectError, UserError STATE_CORRUPT. */
export async function fetchPayload(objects: ObjectStore, { payload }: LogItem): Promise<EntryPayload> {
  if (payload.kind === 'inline') return decodeEntry(payload.bytes);
  const bytes = await fetchObject(objects, payload.key);
  if (sha256Of(bytes) !== payload.sha256) {
    throw new UserError(
      'STATE_CORRUPT',
      `Object ${payload.key} is not the one that the log names; restore from a checkpoint.`,
    );
  }
  return decodeEntry(bytes, `Log entry ${payload.key}`);
}

/** Hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
