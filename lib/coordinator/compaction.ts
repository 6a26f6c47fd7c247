/**
 * Folds the log of a subtask into a new base, from outside of the subtask.
 *
 * 1. The base moves only after everything that it consists of is stored (I3).
 * 2. It may be repeated and run beside the subtask's own compaction: names are new each time, and the base
 *    record moves forward only.
 * 3. A base never lies on a seal: it does not say that nothing may follow (I13).
 * 4. Whether the rows of the last version are in the state table is known to nobody but who wrote them: a
 *    base repeats its keyed changes, which are absolute.
 */
import type { SubtaskId } from '../core/log/subtask-id.ts';
import { type StateShare, storeBase } from '../ports/stored-base.ts';
import type { KeyedVersion } from '../protocol/keyed-version.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { readSubtask } from './subtask-reader.ts';

type CompactionPorts = Pick<CoordinatorPorts, 'log' | 'objects' | 'nonce' | 'table'>;

/**
 * Moves the base of a subtask to the head of its log, unless that is a seal.
 *
 * @param horizon - as of `frameHorizons`: nobody looks for a frame in segments that end there or before
 */
export async function compactSubtask(ports: CompactionPorts, subtask: SubtaskId, horizon = 0): Promise<void> {
  const { fold, base, items } = await readSubtask(ports, subtask);
  // A sealed log needs no room: nothing follows.
  if (items.length === 0 || fold.seal !== undefined) return;
  const segments = base?.manifest.segments ?? [];
  const record = await storeBase(
    ports.objects,
    { subtask, nonce: ports.nonce() },
    {
      version: fold.version,
      items,
      segments: segments.filter(({ toVersion }) => toVersion > horizon),
      state: [
        { content: { kind: 'state' }, deltas: fold.state.deltas() },
        ...(ports.table === undefined || fold.lastKeyed === undefined ? [] : [repeated(fold.lastKeyed)]),
      ],
      toManifest: (chunks, all) => fold.toBase(chunks, all),
    },
  );
  await ports.log.moveBase(subtask, record);
}

function repeated({ version, deltas }: KeyedVersion): StateShare {
  return { content: { kind: 'repeated', version }, deltas };
}
