/**
 * Finds the version of a subtask that belongs to a cut, and archives everything up to it.
 *
 * 1. I11: the snapshot of an epoch is the last version before the first with epoch ≥ n; of a seal, the head.
 * 2. Items that a base or the checkpoint before has archived are named, not stored again.
 * 3. The base was noted before any epoch n was appended, so it does not lie behind the cut; where a later
 *    checkpoint cut in between it may, and then this one is overtaken.
 */
import { InvariantError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { BaseManifest, SegmentRef } from '../core/log/base-manifest.ts';
import type { EntryPayload } from '../core/log/entry-payload.ts';
import type { LogItem } from '../core/log/log-item.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import { readBaseManifest, readPayload, readSegment, storeSegment } from '../ports/stored-objects.ts';
import type { SubtaskCut } from './checkpoint-manifest.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { movingTooFast } from './log-head.ts';
import { readItems } from './subtask-reader.ts';

type CutPorts = Pick<CoordinatorPorts, 'log' | 'objects' | 'nonce'>;

export interface CutRequest {
  /** The base noted for the checkpoint. */
  readonly base: string | null;
  /** This subtask in an earlier complete checkpoint of the run. */
  readonly previous: SubtaskCut | undefined;
  /** The first item that is no longer part of the cut; undefined: everything is. */
  readonly endsAt: ((item: LogItem) => boolean) | undefined;
}

/** What is known of a subtask before its log is read. */
interface CutStart {
  readonly version: number;
  readonly positions: SubtaskCut['positions'];
  readonly consumed: SubtaskCut['consumed'];
  readonly produced: SubtaskCut['produced'];
}

const NOTHING: CutStart = { version: 0, positions: {}, consumed: {}, produced: {} };

/** Throws RetryableError IO_FAILED if the log moves too fast. */
export async function cutSubtask(
  ports: CutPorts,
  subtask: SubtaskId,
  request: CutRequest,
): Promise<SubtaskCut | 'overtaken'> {
  const base = request.base === null ? undefined : await readBaseManifest(ports.objects, request.base);
  // Before the base it is the base that knows which segments somebody may still look into.
  const earlier = (request.previous?.segments ?? []).filter(
    ({ toVersion }) => toVersion > (base?.version ?? 0),
  );
  for (let attempt = 0; attempt < LIMITS.coordinatorAttemptsMax; attempt++) {
    const current = await ports.log.readBase(subtask);
    const moved = current !== undefined && current.manifest !== request.base;
    const archived = moved ? (await readBaseManifest(ports.objects, current.manifest)).segments : [];
    const segments = ordered([...(base?.segments ?? []), ...earlier, ...archived]);
    const cut = await cutBehind(ports, subtask, { ...request, manifest: base, segments });
    if (cut !== 'overrun') return cut;
  }
  // Of a sealed log nothing is lost by looking again; an epoch may lie in a part that nobody has archived.
  if (request.endsAt !== undefined) return 'overtaken';
  throw movingTooFast(subtask);
}

interface CutInput extends CutRequest {
  readonly manifest: BaseManifest | undefined;
  readonly segments: readonly SegmentRef[];
}

async function cutBehind(
  ports: CutPorts,
  subtask: SubtaskId,
  { base, manifest, previous, segments, endsAt }: CutInput,
): Promise<SubtaskCut | 'overtaken' | 'overrun'> {
  const baseVersion = manifest?.version ?? 0;
  if (manifest !== undefined && endsAt?.(headerOf(manifest)) === true) return 'overtaken';
  const start: CutStart =
    previous !== undefined && previous.version >= baseVersion ? previous : (manifest ?? NOTHING);
  const archivedThrough = coveredThrough(segments, baseVersion);
  const archived = await archivedItems(ports, segments, { after: start.version, through: archivedThrough });
  const end = endsAt === undefined ? -1 : archived.findIndex(endsAt);
  const ended = end >= 0;
  const fresh = ended
    ? []
    : await readItems(ports, subtask, {
        from: Math.max(archivedThrough, baseVersion) + 1,
        ...(endsAt && { until: endsAt }),
      });
  if (fresh === 'overrun') return fresh;
  const items = [...(ended ? archived.slice(0, end) : archived), ...fresh];
  let vectors = vectorsOf(start);
  for (const item of items) vectors = after(vectors, item, await readPayload(ports.objects, item));
  const refs = segments.filter((segment) => segment.fromVersion <= vectors.version);
  if (fresh.length > 0) {
    refs.push(await storeSegment(ports.objects, { subtask, items: fresh, nonce: ports.nonce() }));
  }
  return { ...vectors, base, segments: refs };
}

function vectorsOf({ version, positions, consumed, produced }: CutStart): CutStart {
  return { version, positions, consumed, produced };
}

function after(before: CutStart, { version }: LogItem, payload: EntryPayload): CutStart {
  if (version !== before.version + 1) {
    throw new InvariantError('INVARIANT', `Version ${version} was read behind ${before.version}.`);
  }
  return {
    version,
    positions: { ...before.positions, ...payload.positions },
    consumed: { ...before.consumed, ...payload.consumed },
    produced: { ...before.produced, ...payload.produced },
  };
}

/** A base as the item of its version, of which only the header counts here. */
function headerOf(manifest: BaseManifest): LogItem {
  const { version, epoch, sentThrough, processingTime, code, due } = manifest;
  const payload = { kind: 'inline', bytes: new Uint8Array() } as const;
  const header = { version, epoch, sentThrough, processingTime, code, due, payload };
  return { ...header, writer: '', kind: 'data', inboxPending: false };
}

/** By their first version, each once. */
function ordered(segments: readonly SegmentRef[]): readonly SegmentRef[] {
  const byName = new Map(segments.map((segment) => [segment.name, segment]));
  return [...byName.values()].sort((a, b) => a.fromVersion - b.fromVersion || a.toVersion - b.toVersion);
}

/** The last version up to which `segments` hold everything behind `version`. */
function coveredThrough(segments: readonly SegmentRef[], version: number): number {
  let through = version;
  for (const segment of ordered(segments)) {
    if (segment.fromVersion <= through + 1) through = Math.max(through, segment.toVersion);
  }
  return through;
}

/** Items of segments within a range, each once, in order. */
export async function archivedItems(
  { objects }: Pick<CoordinatorPorts, 'objects'>,
  segments: readonly SegmentRef[],
  { after, through }: { readonly after: number; readonly through: number },
): Promise<readonly LogItem[]> {
  const items: LogItem[] = [];
  let last = after;
  for (const segment of ordered(segments)) {
    if (segment.toVersion <= last || segment.fromVersion > through) continue;
    for (const item of await readSegment(objects, segment)) {
      if (item.version <= last || item.version > through) continue;
      items.push(item);
      last = item.version;
    }
  }
  return items;
}
