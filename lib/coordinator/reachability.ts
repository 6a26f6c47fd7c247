/**
 * Which objects of a run somebody may still read. Pure.
 *
 * 1. Reachable are: current bases with their chunks, segments and inboxes; what retained checkpoints and
 *    checkpoints in the making name; payloads of every version behind a current base or in a reachable
 *    segment.
 * 2. A segment stays in the list of its base until all its frames are consumed (`frameHorizons`).
 */
import type { BaseManifest, SegmentRef } from '../core/log/base-manifest.ts';
import { parseInboxName, parseSpillName } from '../core/log/paths.ts';
import type { CheckpointManifest, SubtaskCut } from './checkpoint-manifest.ts';
import type { Counters } from './subtask-fold.ts';

/** A base as something that may be read: its manifest under its name. */
export interface NamedBase {
  readonly name: string;
  readonly manifest: BaseManifest;
}

/** What keeps objects of one subtask. */
export interface SubtaskRoots {
  /** `run/vertex/subtask`. */
  readonly subtask: string;
  /** False once the run is over: then only checkpoints keep anything. */
  readonly live: boolean;
  readonly current: NamedBase | undefined;
  /** This subtask in every checkpoint that is kept. */
  readonly cuts: readonly SubtaskCut[];
  /** Bases which those and unfinished checkpoints name. */
  readonly bases: readonly NamedBase[];
}

/** Says of a name whether it is reachable. */
export function reachability(
  roots: readonly SubtaskRoots[],
  checkpointManifests: readonly string[],
): (name: string) => boolean {
  const names = new Set(checkpointManifests);
  const bySubtask = new Map(roots.map((root) => [root.subtask, root]));
  const segments = new Map<string, readonly SegmentRef[]>();
  for (const root of roots) {
    const bases = [...(root.current === undefined ? [] : [root.current]), ...root.bases];
    for (const { name, manifest } of bases) {
      names.add(name);
      for (const chunk of manifest.chunks) names.add(chunk.name);
      for (const object of manifest.inbox?.objects ?? []) names.add(object);
    }
    const lists = [...bases.map(({ manifest }) => manifest), ...root.cuts].flatMap((list) => list.segments);
    for (const segment of lists) names.add(segment.name);
    segments.set(root.subtask, lists);
  }
  return (name) => {
    if (names.has(name)) return true;
    const spill = parseSpillName(name);
    if (spill !== undefined) {
      const root = bySubtask.get(spill.subtask);
      if (root?.live === true && spill.version > (root.current?.manifest.version ?? 0)) return true;
      const held = segments.get(spill.subtask) ?? [];
      return held.some(({ fromVersion, toVersion }) => within(spill.version, fromVersion, toVersion));
    }
    const inbox = parseInboxName(name);
    return inbox !== undefined && readsGenesis(bySubtask.get(inbox));
  };
}

/** Without a base the genesis item is read, and the inbox that it names. */
function readsGenesis(root: SubtaskRoots | undefined): boolean {
  if (root === undefined) return false;
  return (root.live && root.current === undefined) || root.cuts.some(({ base }) => base === null);
}

function within(version: number, first: number, last: number): boolean {
  return version >= first && version <= last;
}

/** What a subtask had consumed and produced at a version. */
export interface FramePoint {
  readonly version: number;
  readonly consumed: Counters;
  readonly produced: Counters;
}

/**
 * For each sender the last known version of which all frames have been consumed: nobody looks for a frame
 * there or before it. `points`: any versions of each subtask that its log holds, by `vertex/subtask`.
 */
export function frameHorizons(points: Readonly<Record<string, readonly FramePoint[]>>): Counters {
  const consumed = new Map<string, number>();
  for (const [target, list] of Object.entries(points)) {
    for (const [upstream, cseq] of list.flatMap((point) => Object.entries(point.consumed))) {
      const channel = `${upstream} ${target}`;
      consumed.set(channel, Math.max(consumed.get(channel) ?? 0, cseq));
    }
  }
  const horizonOf = (upstream: string): number =>
    Math.max(
      0,
      ...points[upstream]!.filter(({ produced }) =>
        Object.entries(produced).every(
          ([target, cseq]) => (consumed.get(`${upstream} ${target}`) ?? 0) >= cseq,
        ),
      ).map(({ version }) => version),
    );
  return Object.fromEntries(Object.keys(points).map((upstream) => [upstream, horizonOf(upstream)]));
}

/** The points that manifests of checkpoints know. */
export function framePoints(
  manifests: readonly CheckpointManifest[],
): Readonly<Record<string, readonly FramePoint[]>> {
  const points: Record<string, FramePoint[]> = {};
  for (const { subtasks } of manifests) {
    for (const [name, { version, consumed, produced }] of Object.entries(subtasks)) {
      points[name] = [...(points[name] ?? []), { version, consumed, produced }];
    }
  }
  return points;
}
