/**
 * What the subtasks of a new run start from. Pure.
 *
 * 1. Every keyed place, timer, part of a split state, shard position, intent and record in flight goes to
 *    exactly one new subtask; only broadcast and union state and records of broadcast edges go to all.
 * 2. The same cut and plan always give the same genesis: a repetition may write what is missing.
 * 3. What is parked is left out: it is in flight as well (I12).
 */
import { UserError } from '../core/errors.ts';
import { DEAD_LETTERS, type EntryPayload, type SinkIntent } from '../core/log/entry-payload.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import { missingOperators, splitState } from '../protocol/state-split.ts';
import type { PlanVertex, RunPlan } from './run-plan.ts';
import { moveSplits } from './split-owners.ts';
import type { SubtaskFold } from './subtask-fold.ts';

/** Subtask of a source vertex that reads a shard. */
export type ShardOwner = (vertex: PlanVertex, shard: string) => number;

/** The old run at the cut: folds of a vertex by index. */
export interface OldRun {
  readonly plan: RunPlan;
  readonly subtasks: ReadonlyMap<string, readonly SubtaskFold[]>;
}

/** Genesis of one new subtask, but for its inbox. */
export interface Genesis {
  readonly vertex: string;
  readonly subtask: number;
  readonly operators: readonly OperatorDelta[];
  readonly positions: EntryPayload['positions'];
  readonly intents: readonly SinkIntent[];
  readonly processingTime: number;
  readonly due: number | undefined;
}

/** Ids of operators whose state or positions the new operators do not take over. */
export function lostOperators(old: OldRun, newOperators: ReadonlySet<string>): readonly string[] {
  const lost = new Set<string>();
  for (const vertex of old.plan.vertices) {
    const folds = old.subtasks.get(vertex.id) ?? [];
    const images = folds.map(({ state }) => state);
    for (const operator of missingOperators(images, newOperators)) lost.add(operator);
    const source = vertex.source ? vertex.operators[0] : undefined;
    if (source === undefined || newOperators.has(source.id)) continue;
    if (folds.some(({ positions }) => positions.size > 0)) lost.add(source.id);
  }
  return [...lost].sort();
}

/** Ids of operators with intents that nobody in the new plan can perform. */
export function lostIntents(old: OldRun, newOperators: ReadonlySet<string>): readonly string[] {
  const intents = [...old.subtasks.values()].flat().flatMap((fold) => [...fold.intents.values()]);
  const lost = intents.map(({ operator }) => operator).filter((id) => !newOperators.has(id));
  return [...new Set(lost)].filter((id) => id !== DEAD_LETTERS).sort();
}

/** Genesis of every subtask of a vertex of the new plan, by index. */
export function genesisOf(
  plan: RunPlan,
  vertex: PlanVertex,
  { old, ownerOfShard }: { readonly old: OldRun; readonly ownerOfShard: ShardOwner | undefined },
): readonly Genesis[] {
  const own = new Set(vertex.operators.map(({ id }) => id));
  const origins = old.plan.vertices.filter(({ operators }) => operators.some(({ id }) => own.has(id)));
  const all = origins.flatMap((origin) => old.subtasks.get(origin.id) ?? []);
  const processingTime = Math.max(0, ...all.map((fold) => fold.processingTime));
  const dues = all.flatMap(({ due }) => (due === undefined ? [] : [due]));
  const operators = Array.from({ length: vertex.parallelism }, (): OperatorDelta[] => []);
  for (const origin of origins) {
    const images = (old.subtasks.get(origin.id) ?? []).map(({ state }) => state);
    const { maxParallelism, parallelism: newParallelism } = vertex;
    splitState(images, { maxParallelism, newParallelism, operators: own }).forEach((deltas, subtask) => {
      operators[subtask]!.push(...deltas);
    });
  }
  const positions = positionsOf(vertex, old, ownerOfShard);
  const intents = intentsOf(plan, vertex, old);
  const readers = new Map(
    positions.flatMap((shards, subtask) => Object.keys(shards).map((shard) => [shard, subtask])),
  );
  const ownerOf = (split: string) => ownerOfShard?.(vertex, split) ?? readers.get(split);
  const head = vertex.source ? vertex.operators[0]?.id : undefined;
  const placed = head === undefined ? operators : moveSplits(operators, head, ownerOf);
  return placed.map((deltas, subtask) => ({
    vertex: vertex.id,
    subtask,
    operators: deltas,
    positions: positions[subtask]!,
    intents: intents[subtask]!,
    processingTime,
    // Whoever needs it: a tick too many does no harm. A source has to say whether it is idle.
    due: vertex.source || dues.length > 0 ? Math.min(processingTime, ...dues) : undefined,
  }));
}

/** Positions of external shards; those of a subtask's own stream end with its run. */
function positionsOf(
  vertex: PlanVertex,
  old: OldRun,
  ownerOfShard: ShardOwner | undefined,
): readonly Record<string, string>[] {
  const result = Array.from({ length: vertex.parallelism }, (): Record<string, string> => ({}));
  const head = vertex.operators[0]?.id;
  const origin = old.plan.vertices.find(({ source, operators }) => source && operators[0]?.id === head);
  if (!vertex.source || origin === undefined) return result;
  const shards = (old.subtasks.get(origin.id) ?? []).flatMap(({ positions }, subtask) =>
    [...positions].map(([shard, position]) => ({ shard, position, subtask })),
  );
  shards.sort((a, b) => (a.shard < b.shard ? -1 : 1));
  shards.forEach(({ shard, position, subtask }, index) => {
    const kept = origin.parallelism === vertex.parallelism ? subtask : index % vertex.parallelism;
    const owner = result[ownerOfShard?.(vertex, shard) ?? kept];
    if (owner === undefined) throw noSuchOwner(vertex, shard);
    owner[shard] = position;
  });
  return result;
}

/** Unchanged, with the ids that they have: performed once more they do no harm (I16). */
function intentsOf(plan: RunPlan, vertex: PlanVertex, old: OldRun): readonly SinkIntent[][] {
  const result = Array.from({ length: vertex.parallelism }, (): SinkIntent[] => []);
  for (const origin of old.plan.vertices) {
    const letters = readerOfLetters(plan, origin) === vertex;
    const performs = (operator: string): boolean =>
      operator === DEAD_LETTERS ? letters : vertex.operators.some(({ id }) => id === operator);
    (old.subtasks.get(origin.id) ?? []).forEach(({ intents }, subtask) => {
      const taken = [...intents.values()].filter(({ operator }) => performs(operator));
      result[subtask % vertex.parallelism]!.push(...taken);
    });
  }
  return result;
}

/** Every subtask can write dead letters: those of a vertex go on with its operators, or with any. */
function readerOfLetters({ vertices }: RunPlan, { operators }: PlanVertex): PlanVertex | undefined {
  const ids = new Set(operators.map(({ id }) => id));
  return vertices.find((vertex) => vertex.operators.some(({ id }) => ids.has(id))) ?? vertices[0];
}

function noSuchOwner(vertex: PlanVertex, shard: string): UserError {
  return new UserError(
    'STATE_INCOMPATIBLE',
    `Shard ${shard} is given to a subtask that ${vertex.id} does not have; it has ${vertex.parallelism}.`,
  );
}
