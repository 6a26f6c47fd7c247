/**
 * State of one operator in the form that harnesses show: one entry for each key and window, timers by domain.
 *
 * The form that is stored is the delta; a snapshot shares nothing with the delta that it was made from.
 */
import { InvariantError } from '../core/errors.ts';
import { type CanonicalKey, canonicalKey } from '../core/key.ts';
import { LIMITS } from '../core/limits.ts';
import type {
  KeyedChange,
  KeyedStateDelta,
  KeyGroupWatermark,
  Namespace,
  OperatorDelta,
  OperatorStateDelta,
  TimerChange,
} from '../core/log/state-delta.ts';
import type { StateKind } from '../core/state.ts';
import { MIN_TIMESTAMP } from '../core/time.ts';

/** One entry of keyed state or one timer set is addressed by its key; the key group follows from it. */
export interface KeyedEntry {
  readonly key: unknown;
  readonly namespace: Namespace;
  /** The elements of a list as an array, the entries of a map as an array of pairs. */
  readonly value: unknown;
}

export interface KeyedStateSnapshot {
  readonly name: string;
  readonly kind: StateKind;
  readonly entries: readonly KeyedEntry[];
}

export interface TimerSnapshot {
  readonly key: unknown;
  readonly namespace: Namespace;
  /** Unit: ms since the epoch. */
  readonly time: number;
}

export interface OperatorSnapshot {
  readonly uid: string;
  readonly keyed: readonly KeyedStateSnapshot[];
  readonly eventTimers: readonly TimerSnapshot[];
  readonly processingTimers: readonly TimerSnapshot[];
  /** Current watermark of the operator. Unit: ms since the epoch. */
  readonly watermark: number;
  /** What key groups had reached before the operator was restored, where that is more. */
  readonly keyGroupWatermarks: readonly KeyGroupWatermark[];
  /** State of the operator itself, not of keys: for example what its inputs have heard. */
  readonly operatorState: readonly OperatorStateDelta[];
}

/** The snapshot of all that an operator has. Throws InvariantError for a delta that takes something away. */
export function snapshotOf(delta: OperatorDelta): OperatorSnapshot {
  const { operator, keyed, timers, states, watermark, keyGroupWatermarks } = structuredClone(delta);
  return {
    uid: operator,
    keyed: keyedSnapshotsOf(keyed),
    eventTimers: timersOf('event', timers),
    processingTimers: timersOf('processing', timers),
    watermark: watermark ?? MIN_TIMESTAMP,
    keyGroupWatermarks: keyGroupWatermarks ?? [],
    operatorState: states,
  };
}

/** What makes an operator that has nothing equal to the one of the snapshot. */
export function deltaOf(snapshot: OperatorSnapshot): OperatorDelta {
  const { uid, keyed, eventTimers, processingTimers, watermark, keyGroupWatermarks, operatorState } =
    structuredClone(snapshot);
  const added = (domain: TimerChange['domain']) => (timer: TimerSnapshot) =>
    ({ op: 'add', domain, ...timer }) as const;
  return {
    operator: uid,
    keyed: keyedDeltasOf(keyed),
    timers: [...eventTimers.map(added('event')), ...processingTimers.map(added('processing'))],
    states: operatorState,
    watermark: watermark === MIN_TIMESTAMP ? undefined : watermark,
    keyGroupWatermarks: keyGroupWatermarks.length === 0 ? undefined : keyGroupWatermarks,
  };
}

/** The keyed part of `snapshotOf`; shares its values with the deltas. */
export function keyedSnapshotsOf(deltas: readonly KeyedStateDelta[]): readonly KeyedStateSnapshot[] {
  return deltas.map(({ name, kind, changes }) => ({ name, kind, entries: entriesOf(kind, changes) }));
}

/** The keyed part of `deltaOf`; shares its values with the snapshots. */
export function keyedDeltasOf(snapshots: readonly KeyedStateSnapshot[]): readonly KeyedStateDelta[] {
  return snapshots.map(({ name, kind, entries }) => ({
    name,
    kind,
    changes: entries.flatMap((entry) => partsOf(kind, entry)),
  }));
}

function entriesOf(kind: StateKind, changes: readonly KeyedChange[]): readonly KeyedEntry[] {
  if (kind !== 'list' && kind !== 'map') {
    return changes.map((change) => {
      const { key, namespace, value } = requirePut(change);
      return { key, namespace, value };
    });
  }
  const entries: KeyedEntry[] = [];
  const places = new Map<string, Map<CanonicalKey, KeyedEntry & { readonly value: unknown[] }>>();
  for (const change of changes) {
    const { key, namespace, part, value } = requirePut(change);
    const place = places.get(String(namespace)) ?? new Map();
    places.set(String(namespace), place);
    let entry = place.get(canonicalKey(key));
    if (entry === undefined) {
      entry = { key, namespace, value: [] };
      place.set(canonicalKey(key), entry);
      entries.push(entry);
    }
    // The value of a part of a list is an array of its elements.
    if (kind === 'list') for (const element of value as readonly unknown[]) entry.value.push(element);
    else entry.value.push([part, value]);
  }
  return entries;
}

function requirePut(change: KeyedChange): Extract<KeyedChange, { op: 'put' }> {
  if (change.op === 'put') return change;
  throw new InvariantError('INVARIANT', `A snapshot is made of all state, which has no '${change.op}'.`);
}

function partsOf(kind: StateKind, { key, namespace, value }: KeyedEntry): readonly KeyedChange[] {
  if (kind !== 'list' && kind !== 'map') return [{ op: 'put', key, namespace, part: undefined, value }];
  // What `entriesOf` made of a list or map.
  const items = value as readonly unknown[];
  if (kind === 'list') {
    return listChunks(items).map((chunk, part) => ({ op: 'put', key, namespace, part, value: chunk }));
  }
  return items.map((item) => {
    // What `entriesOf` made of an entry of a map.
    const [part, entryValue] = item as readonly [unknown, unknown];
    return { op: 'put', key, namespace, part, value: entryValue };
  });
}

function listChunks(items: readonly unknown[]): readonly (readonly unknown[])[] {
  const chunks: unknown[][] = [];
  for (let at = 0; at < items.length; at += LIMITS.stateListChunk) {
    chunks.push(items.slice(at, at + LIMITS.stateListChunk));
  }
  return chunks;
}

function timersOf(domain: TimerChange['domain'], timers: readonly TimerChange[]): readonly TimerSnapshot[] {
  return timers
    .filter((timer) => timer.domain === domain)
    .map(({ key, namespace, time }) => ({ key, namespace, time }));
}
