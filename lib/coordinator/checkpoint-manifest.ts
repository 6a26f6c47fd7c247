/**
 * The manifest of a checkpoint or savepoint: one version per subtask, and what is in flight between them.
 *
 * 1. I11: over all subtasks of a cut, consumed ≤ produced on every channel; anything else is a defect.
 * 2. I12: the state of a channel is named, not copied: the frames in the sender's segments between what the
 *    receiver had consumed and what the sender had produced.
 */
import { InvariantError, UserError } from '../core/errors.ts';
import type { SegmentRef } from '../core/log/base-manifest.ts';
import type { RunPlan } from './run-plan.ts';
import type { Counters } from './subtask-fold.ts';

/** One subtask at its version of the cut. */
export interface SubtaskCut {
  /** 0 for a subtask that has no log yet. */
  readonly version: number;
  /** Manifest of a base at or before the version; null if the segments begin with version 1. */
  readonly base: string | null;
  /** Cover every version from the base to the cut, and older ones in which frames may be in flight. */
  readonly segments: readonly SegmentRef[];
  readonly positions: Readonly<Record<string, string>>;
  readonly consumed: Counters;
  readonly produced: Counters;
}

/** Frames of a channel that were sent or waited to be sent: `after` < cseq ≤ `through`. */
export interface InFlight {
  /** `vertex/subtask`. */
  readonly upstream: string;
  /** `vertex/subtask`. */
  readonly target: string;
  readonly after: number;
  readonly through: number;
}

export interface CheckpointManifest {
  readonly format: 1;
  readonly job: string;
  readonly run: string;
  readonly lineage: number;
  readonly n: number;
  readonly plan: RunPlan;
  readonly code: string;
  /** By `vertex/subtask`. */
  readonly subtasks: Readonly<Record<string, SubtaskCut>>;
  /** Channels with something in flight, by upstream and target. */
  readonly inFlight: readonly InFlight[];
}

/** What is in flight in a cut. Throws InvariantError if a receiver consumed what was never produced. */
export function inFlightOf(
  subtasks: Readonly<Record<string, Pick<SubtaskCut, 'consumed' | 'produced'>>>,
): readonly InFlight[] {
  const names = Object.keys(subtasks).sort();
  for (const target of names) {
    for (const [upstream, after] of Object.entries(subtasks[target]!.consumed)) {
      const through = subtasks[upstream]?.produced[target] ?? 0;
      if (after > through) throw orphan({ upstream, target, after, through });
    }
  }
  return names.flatMap((upstream) =>
    Object.entries(subtasks[upstream]!.produced)
      .map(([target, through]) => {
        const after = subtasks[target]?.consumed[upstream] ?? 0;
        return { upstream, target, after, through };
      })
      .filter(({ after, through }) => after < through)
      .sort((a, b) => (a.target < b.target ? -1 : 1)),
  );
}

export function encodeCheckpoint(manifest: CheckpointManifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest));
}

/** `name` names the object in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeCheckpoint(bytes: Uint8Array, name: string): CheckpointManifest {
  const value = parseJson(bytes);
  const whole = ['job', 'run', 'plan', 'subtasks', 'inFlight'].every((field) => field in value);
  if (!('format' in value) || !whole) {
    throw new UserError('STATE_CORRUPT', `Checkpoint ${name} is no manifest of Millrace; name another one.`);
  }
  // Only a coordinator writes these objects, and their fields are there.
  const manifest = value as CheckpointManifest;
  if (manifest.format === 1) return manifest;
  throw new UserError(
    'STATE_FORMAT_UNSUPPORTED',
    `Checkpoint ${name} has format ${String(value.format)}, but this release of Millrace reads format 1; ` +
      'run the release that wrote it, or a newer one.',
  );
}

function parseJson(bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function orphan({ upstream, target, after, through }: InFlight): InvariantError {
  return new InvariantError(
    'INVARIANT',
    `The cut has an orphan (I11): ${target} has consumed frame ${after} of ${upstream}, which had produced ` +
      `only ${through}.`,
  );
}
