/**
 * State of one operator as the fold of its deltas.
 *
 * 1. A place is (canonical key, namespace, part): keys that are equal as keys are one place.
 * 2. A place is where it was first put, so that what is written out keeps the order of what was put in; a
 *    place that was cleared and put again is last.
 * 3. Every change is absolute: folding a delta twice changes nothing.
 */
import { InvariantError } from '../core/errors.ts';
import { type CanonicalKey, canonicalKey } from '../core/key.ts';
import type {
  KeyedChange,
  KeyedStateDelta,
  KeyGroupWatermark,
  Namespace,
  OperatorDelta,
  OperatorStateDelta,
  Redistribution,
  TimerChange,
} from '../core/log/state-delta.ts';
import type { StateKind } from '../core/state.ts';

/** What is under (key, namespace): a value, or parts by their address. */
interface Place {
  readonly key: unknown;
  readonly namespace: Namespace;
  value: unknown;
  readonly parts: Map<CanonicalKey, { readonly part: unknown; readonly value: unknown }> | undefined;
}

interface KeyedState {
  readonly kind: StateKind;
  readonly places: Map<CanonicalKey, Place>;
}

interface OperatorState {
  readonly redistribution: Redistribution;
  readonly parts: Map<string, unknown>;
}

export class OperatorImage {
  readonly operator: string;
  readonly #keyed = new Map<string, KeyedState>();
  readonly #timers = new Map<string, TimerChange>();
  readonly #states = new Map<string, OperatorState>();
  #watermark: number | undefined;
  #keyGroupWatermarks: readonly KeyGroupWatermark[] = [];

  constructor(operator: string) {
    this.operator = operator;
  }

  apply(delta: OperatorDelta): void {
    for (const keyed of delta.keyed) this.#applyKeyed(keyed);
    for (const timer of delta.timers) this.#applyTimer(timer);
    for (const state of delta.states) this.#applyState(state);
    this.#watermark = delta.watermark ?? this.#watermark;
    this.#keyGroupWatermarks = delta.keyGroupWatermarks ?? this.#keyGroupWatermarks;
  }

  /** Everything as puts; undefined if the operator has nothing. */
  delta(): OperatorDelta | undefined {
    const keyed = [...this.#keyed].map(([name, { kind, places }]) => ({
      name,
      kind,
      changes: changesOf(kind, places),
    }));
    const states = [...this.#states].map(([name, { redistribution, parts }]) => ({
      name,
      redistribution,
      changes: [...parts].map(([part, value]) => ({ op: 'put', part, value }) as const),
    }));
    const delta: OperatorDelta = {
      operator: this.operator,
      keyed: keyed.filter((state) => state.changes.length > 0),
      timers: [...this.#timers.values()],
      states: states.filter((state) => state.changes.length > 0),
      watermark: this.#watermark,
      keyGroupWatermarks: this.#keyGroupWatermarks.length > 0 ? this.#keyGroupWatermarks : undefined,
    };
    return isEmpty(delta) ? undefined : delta;
  }

  #applyKeyed({ name, kind, changes }: KeyedStateDelta): void {
    let state = this.#keyed.get(name);
    if (state === undefined) {
      state = { kind, places: new Map() };
      this.#keyed.set(name, state);
    }
    if (state.kind !== kind) throw conflict(this.operator, name, [state.kind, kind]);
    for (const change of changes) applyChange(state, change);
  }

  #applyTimer(timer: TimerChange): void {
    const name = `${timer.domain}${timer.time} ${addressText(addressOf(timer.key, timer.namespace))}`;
    if (timer.op === 'remove') this.#timers.delete(name);
    else if (!this.#timers.has(name)) this.#timers.set(name, timer);
  }

  #applyState({ name, redistribution, changes }: OperatorStateDelta): void {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = { redistribution, parts: new Map() };
      this.#states.set(name, state);
    }
    if (state.redistribution !== redistribution) {
      throw conflict(this.operator, name, [state.redistribution, redistribution]);
    }
    for (const change of changes) {
      if (change.op === 'put') state.parts.set(change.part, change.value);
      else if (change.op === 'remove') state.parts.delete(change.part);
      else state.parts.clear();
    }
  }
}

function applyChange({ kind, places }: KeyedState, change: KeyedChange): void {
  const address = addressOf(change.key, change.namespace);
  if (change.op === 'clear') {
    places.delete(address);
    return;
  }
  const place = places.get(address);
  if (change.op === 'put') {
    if (place === undefined) places.set(address, newPlace(kind, change));
    else if (place.parts === undefined) place.value = change.value;
    else place.parts.set(canonicalKey(change.part), change);
    return;
  }
  if (place?.parts === undefined) {
    places.delete(address);
    return;
  }
  if (kind === 'list') removeChunks(place.parts, change.part);
  else place.parts.delete(canonicalKey(change.part));
  if (place.parts.size === 0) places.delete(address);
}

function newPlace(kind: StateKind, change: Extract<KeyedChange, { op: 'put' }>): Place {
  const { key, namespace, part, value } = change;
  if (kind !== 'map' && kind !== 'list') return { key, namespace, value, parts: undefined };
  return { key, namespace, value: undefined, parts: new Map([[canonicalKey(part), { part, value }]]) };
}

/** A chunk of a list takes all behind it along. */
function removeChunks(parts: Map<CanonicalKey, unknown>, from: unknown): void {
  for (const chunk of parts.keys()) if (Number(chunk) >= Number(from)) parts.delete(chunk);
}

function changesOf(kind: StateKind, places: ReadonlyMap<CanonicalKey, Place>): KeyedChange[] {
  const changes: KeyedChange[] = [];
  for (const { key, namespace, value, parts } of places.values()) {
    if (parts === undefined) {
      changes.push({ op: 'put', key, namespace, part: undefined, value });
      continue;
    }
    const ordered = [...parts.values()];
    if (kind === 'list') ordered.sort((a, b) => Number(a.part) - Number(b.part));
    for (const part of ordered) {
      changes.push({ op: 'put', key, namespace, part: part.part, value: part.value });
    }
  }
  return changes;
}

/** Marks an address with a namespace: no canonical key starts with these two characters. */
const NAMESPACE_PREFIX = '\u0000n';

function addressOf(key: unknown, namespace: Namespace): CanonicalKey {
  const canonical = canonicalKey(key);
  if (namespace === undefined) return canonical;
  const name = namespace === 'global' ? 'global' : `${namespace[0]},${namespace[1]}`;
  return `${NAMESPACE_PREFIX}${name} ${addressText(canonical)}`;
}

/** Keys of different types never have one text. */
function addressText(key: CanonicalKey): string {
  return typeof key === 'string' ? `s${key}` : `${typeof key}${key}`;
}

function isEmpty(delta: OperatorDelta): boolean {
  return (
    delta.keyed.length + delta.timers.length + delta.states.length === 0 &&
    delta.watermark === undefined &&
    delta.keyGroupWatermarks === undefined
  );
}

function conflict(operator: string, name: string, kinds: readonly [string, string]): InvariantError {
  return new InvariantError(
    'INVARIANT',
    `State '${name}' of operator ${operator} is ${kinds[0]} in its log and ${kinds[1]} later.`,
  );
}
