/**
 * Keyed state that is in a table, for a base: folded from the base before and the log, because a table cannot
 * be asked for the rows of one subtask.
 *
 * 1. (I9) What comes out is the state at the version of the last item.
 * 2. Keys are folded by shares of about as many bytes as may be in memory; for each share chunks and items
 *    are read once.
 */
import { keyGroupOf } from '../../core/key.ts';
import { LIMITS } from '../../core/limits.ts';
import type { BaseManifest } from '../../core/log/base-manifest.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { StateShare } from '../../ports/stored-base.ts';
import { readChunks, readPayload } from '../../ports/stored-objects.ts';
import { StateImage } from '../../protocol/state-image.ts';

export interface RowsToFold {
  /** Whose rows they are. */
  readonly operator: string;
  readonly base: BaseManifest | undefined;
  /** Those behind the base. */
  readonly items: readonly LogItem[];
}

/** Throws MissingObjectError if the base has moved. */
export async function* foldRows(objects: ObjectStore, rows: RowsToFold): AsyncGenerator<StateShare> {
  const { base, items, operator } = rows;
  const bytes = (base?.chunks ?? []).reduce((sum, chunk) => sum + chunk.bytes, 0);
  const shares = Math.max(1, Math.ceil(bytes / LIMITS.foldedChunkBytesMax));
  for (let share = 0; share < shares; share++) {
    const image = new StateImage();
    const apply = (deltas: readonly OperatorDelta[]): void => {
      for (const delta of deltas) {
        if (delta.operator === operator && delta.keyed.length > 0) image.apply(shareOf(delta, share, shares));
      }
    };
    if (base !== undefined) await readChunks(objects, base, apply);
    for (const item of items) apply((await readPayload(objects, item)).operators);
    yield { content: { kind: 'rows' }, deltas: image.deltas() };
  }
}

/** The keyed part of a delta, without keys of other shares. */
function shareOf({ operator, keyed }: OperatorDelta, share: number, shares: number): OperatorDelta {
  const own = keyed.map(({ name, kind, changes }) => ({
    ...{ name, kind },
    changes: shares === 1 ? changes : changes.filter(({ key }) => keyGroupOf(key, shares) === share),
  }));
  return {
    ...{ operator, keyed: own, timers: [], states: [] },
    ...{ watermark: undefined, keyGroupWatermarks: undefined },
  };
}
