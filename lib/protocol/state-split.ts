/**
 * Spreads the state of all subtasks of a vertex over the subtasks of a new run.
 *
 * 1. Keyed state and timers go to the owner of their key group: every place to exactly one subtask.
 * 2. Operator state goes as its redistribution says; a part of `split` state to exactly one subtask, to its
 *    own one while the parallelism stays the same, as Flink does.
 * 3. The watermark of an operator is the lowest of all old subtasks. What a key group had reached beyond it
 *    is kept with the key group, so that a window that fired and was cleaned never opens again.
 */
import { assertNever } from '../core/errors.ts';
import { keyGroupOf } from '../core/key.ts';
import { keyGroupRange, operatorIndexForKeyGroup } from '../core/key-groups.ts';
import type {
  KeyedChange,
  KeyedStateDelta,
  KeyGroupWatermark,
  OperatorDelta,
  OperatorStateChange,
  OperatorStateDelta,
  TimerChange,
} from '../core/log/state-delta.ts';
import type { StateImage } from './state-image.ts';

export interface StateSplit {
  readonly maxParallelism: number;
  readonly newParallelism: number;
  /** Operators to take over; all if undefined. */
  readonly operators?: ReadonlySet<string>;
}

/** State of one operator in all old subtasks, by their index; undefined where a subtask has none. */
type OldState = readonly (OperatorDelta | undefined)[];

/** Parts of an operator for one new subtask, while they are gathered. */
interface Share {
  readonly keyed: Map<string, { readonly kind: KeyedStateDelta['kind']; readonly changes: KeyedChange[] }>;
  readonly timers: TimerChange[];
  readonly states: OperatorStateDelta[];
}

/**
 * State for each new subtask, by its index. `images` are those of all old subtasks of a vertex, by their
 * index; a subtask without state has an empty one.
 */
export function splitState(
  images: readonly StateImage[],
  split: StateSplit,
): readonly (readonly OperatorDelta[])[] {
  const result = Array.from({ length: split.newParallelism }, (): OperatorDelta[] => []);
  for (const [operator, old] of byOperator(images)) {
    if (split.operators !== undefined && !split.operators.has(operator)) continue;
    splitOperator(operator, old, split).forEach((delta, subtask) => {
      result[subtask]!.push(delta);
    });
  }
  return result;
}

/**
 * Operators, sorted, whose state would be lost because the new plan lacks them. A watermark is no state, nor
 * is what describes only its subtask.
 */
export function missingOperators(
  images: readonly StateImage[],
  operators: ReadonlySet<string>,
): readonly string[] {
  const missing: string[] = [];
  for (const [operator, old] of byOperator(images)) {
    if (!operators.has(operator) && old.some(holdsState)) missing.push(operator);
  }
  return missing.sort();
}

function holdsState(delta: OperatorDelta | undefined): boolean {
  if (delta === undefined) return false;
  const kept = delta.states.some((state) => state.redistribution !== 'subtask');
  return kept || delta.keyed.length > 0 || delta.timers.length > 0;
}

function byOperator(images: readonly StateImage[]): ReadonlyMap<string, OldState> {
  const operators = new Map<string, (OperatorDelta | undefined)[]>();
  images.forEach((image, subtask) => {
    for (const delta of image.deltas()) {
      let old = operators.get(delta.operator);
      if (old === undefined) {
        old = images.map(() => undefined);
        operators.set(delta.operator, old);
      }
      old[subtask] = delta;
    }
  });
  return operators;
}

function splitOperator(operator: string, old: OldState, split: StateSplit): readonly OperatorDelta[] {
  const shares = Array.from(
    { length: split.newParallelism },
    (): Share => ({ keyed: new Map(), timers: [], states: [] }),
  );
  for (const delta of old) {
    if (delta === undefined) continue;
    for (const state of delta.keyed) splitKeyed(state, shares, split);
    for (const timer of delta.timers) shares[ownerOf(timer.key, split)]!.timers.push(timer);
  }
  splitStates(old, shares);
  const watermark = lowestWatermark(old);
  const reached = reachedWatermarks(old, split.maxParallelism);
  return shares.map(
    (share, subtask): OperatorDelta => ({
      operator,
      keyed: [...share.keyed].map(([name, { kind, changes }]) => ({ name, kind, changes })),
      timers: share.timers,
      states: share.states,
      watermark,
      keyGroupWatermarks: rangesAbove(reached, watermark, {
        ...split,
        subtask,
      }),
    }),
  );
}

function splitKeyed(
  { name, kind, changes }: KeyedStateDelta,
  shares: readonly Share[],
  split: StateSplit,
): void {
  for (const change of changes) {
    const { keyed } = shares[ownerOf(change.key, split)]!;
    let state = keyed.get(name);
    if (state === undefined) {
      state = { kind, changes: [] };
      keyed.set(name, state);
    }
    state.changes.push(change);
  }
}

function ownerOf(key: unknown, { maxParallelism, newParallelism }: StateSplit): number {
  return operatorIndexForKeyGroup(maxParallelism, newParallelism, keyGroupOf(key, maxParallelism));
}

/** The operator states of all old subtasks under one name. */
interface NamedState {
  readonly redistribution: OperatorStateDelta['redistribution'];
  readonly bySubtask: (readonly OperatorStateChange[])[];
}

function splitStates(old: OldState, shares: readonly Share[]): void {
  const names = new Map<string, NamedState>();
  old.forEach((delta, subtask) => {
    for (const { name, redistribution, changes } of delta?.states ?? []) {
      let state = names.get(name);
      if (state === undefined) {
        state = { redistribution, bySubtask: old.map(() => []) };
        names.set(name, state);
      }
      state.bySubtask[subtask] = changes;
    }
  });
  for (const [name, { redistribution, bySubtask }] of names) {
    redistribute({ redistribution, bySubtask }, shares.length).forEach((changes, subtask) => {
      if (changes.length === 0) return;
      shares[subtask]!.states.push({ name, redistribution, changes: withOwnNames(changes) });
    });
  }
}

function redistribute(
  { redistribution, bySubtask }: NamedState,
  newParallelism: number,
): readonly (readonly OperatorStateChange[])[] {
  const result = Array.from({ length: newParallelism }, (): OperatorStateChange[] => []);
  switch (redistribution) {
    case 'split':
      if (bySubtask.length === newParallelism) return bySubtask;
      bySubtask.flat().forEach((change, i) => {
        result[i % newParallelism]!.push(change);
      });
      return result;
    case 'union':
      return result.map(() => bySubtask.flat());
    case 'broadcast':
      // The maps differ by what was in flight at the cut. What was in flight to a subtask goes with
      // its map: to the same index while the parallelism stays the same, else that of subtask 0 to everybody.
      if (bySubtask.length === newParallelism) return bySubtask;
      return result.map(() => bySubtask[0] ?? []);
    case 'subtask':
      return result;
    default:
      return assertNever(redistribution);
  }
}

/** Two old subtasks may have used one name for different parts: the later ones get a number behind theirs. */
function withOwnNames(changes: readonly OperatorStateChange[]): readonly OperatorStateChange[] {
  const taken = new Set<string>();
  return changes.map((change) => {
    if (change.op === 'clear') return change;
    let part = change.part;
    for (let i = 1; taken.has(part); i++) part = `${change.part}~${i}`;
    taken.add(part);
    return part === change.part ? change : { ...change, part };
  });
}

/** Undefined, which is lower than any other, if an old subtask has not got a watermark yet. */
function lowestWatermark(old: OldState): number | undefined {
  let lowest = Number.POSITIVE_INFINITY;
  for (const delta of old) {
    if (delta?.watermark === undefined) return undefined;
    lowest = Math.min(lowest, delta.watermark);
  }
  return lowest;
}

/** What each key group has reached: the watermark of its old owner, or one restored before that is higher. */
function reachedWatermarks(old: OldState, maxParallelism: number): Float64Array {
  const reached = new Float64Array(maxParallelism).fill(Number.NEGATIVE_INFINITY);
  old.forEach((delta, subtask) => {
    const [first, last] = keyGroupRange(maxParallelism, old.length, subtask);
    if (delta?.watermark !== undefined) reached.fill(delta.watermark, first, last + 1);
    for (const range of delta?.keyGroupWatermarks ?? []) {
      for (
        let group = Math.max(range.firstKeyGroup, first);
        group <= Math.min(range.lastKeyGroup, last);
        group++
      ) {
        reached[group] = Math.max(reached[group]!, range.watermark);
      }
    }
  });
  return reached;
}

/** Key groups of a new subtask that have reached more than its watermark; undefined if there are none. */
function rangesAbove(
  reached: Float64Array,
  watermark: number | undefined,
  { maxParallelism, newParallelism, subtask }: StateSplit & { readonly subtask: number },
): readonly KeyGroupWatermark[] | undefined {
  const floor = watermark ?? Number.NEGATIVE_INFINITY;
  const [first, last] = keyGroupRange(maxParallelism, newParallelism, subtask);
  const ranges: KeyGroupWatermark[] = [];
  for (let group = first; group <= last; group++) {
    const value = reached[group]!;
    if (value <= floor) continue;
    const before = ranges.at(-1);
    if (before?.lastKeyGroup === group - 1 && before.watermark === value) {
      ranges[ranges.length - 1] = { ...before, lastKeyGroup: group };
    } else {
      ranges.push({ firstKeyGroup: group, lastKeyGroup: group, watermark: value });
    }
  }
  return ranges.length > 0 ? ranges : undefined;
}
