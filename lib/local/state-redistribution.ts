/**
 * Hands the state of a job to the same job with another graph: state belongs to the id of its operator.
 *
 * 1. Keyed state goes to the owner of its key group, so the number of key groups has to stay.
 * 2. An operator that is gone takes its state along only if that is allowed; a new one begins empty.
 * 3. An operator without uid keeps its state only if it is still the same one, and has none worth a refusal.
 * 4. What was committed and is not published yet is never dropped (I16): only its own sink can publish it.
 */
import { UserError } from '../core/errors.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { OperatorLayout, VertexLayout } from '../graph/state-layout.ts';
import type { StateImage } from '../protocol/state-image.ts';
import { missingOperators, splitState } from '../protocol/state-split.ts';
import { committablesIn } from '../runtime/task/sink-operator.ts';

/** Where former state comes from, in words of messages. */
export interface StateOrigin {
  /** Begins a sentence. */
  readonly name: string;
  /** What to do to begin without that state. */
  readonly wayOut: string;
}

export const STATE_DIRECTORY: StateOrigin = {
  name: 'The state directory',
  wayOut: 'start over with --fresh',
};

/** `path` as the user wrote it. */
export function savepointOrigin(path: string): StateOrigin {
  return { name: `The savepoint ${path}`, wayOut: 'start without --from-savepoint' };
}

/** The whole state of one former vertex: an image for each of its subtasks. */
export interface FormerVertex {
  readonly layout: VertexLayout;
  readonly images: readonly StateImage[];
}

/** State for one subtask of the new graph. */
export interface SubtaskShare {
  readonly vertex: string;
  readonly subtask: number;
  readonly deltas: readonly OperatorDelta[];
}

/**
 * Every share of the former state; a subtask may get several.
 *
 * Throws UserError STATE_NOT_RESTORED if operators with state are gone and that is not allowed, or a sink is
 * gone that has something to publish, STATE_INCOMPATIBLE if a max parallelism has changed.
 */
export function redistribute(
  former: readonly FormerVertex[],
  now: readonly VertexLayout[],
  { allowNonRestored, origin }: { readonly allowNonRestored: boolean; readonly origin: StateOrigin },
): readonly SubtaskShare[] {
  if (!allowNonRestored) requireOperators(former, now, origin);
  requirePublished(former, now);
  return former.flatMap(({ layout, images }) =>
    now.flatMap((vertex) => {
      const operators = sharedOperators(layout, vertex);
      if (operators.size === 0) return [];
      requireMaxParallelism({ layout, images }, vertex, origin);
      const { maxParallelism, parallelism } = vertex;
      const shares = splitState(images, { maxParallelism, newParallelism: parallelism, operators });
      return shares.map((deltas, subtask) => ({ vertex: vertex.id, subtask, deltas }));
    }),
  );
}

function sharedOperators(former: VertexLayout, vertex: VertexLayout): ReadonlySet<string> {
  const before = new Map(former.operators.map((operator) => [operator.id, operator]));
  const shared = vertex.operators.filter((operator) => isSame(before.get(operator.id), operator));
  return new Set(shared.map(({ id }) => id));
}

/** A uid is a promise; the number of an operator without one may be another's now. */
function isSame(before: OperatorLayout | undefined, now: OperatorLayout): boolean {
  if (before === undefined) return false;
  return !isNumber(now.id) || (before.kind === now.kind && before.name === now.name);
}

function isNumber(id: string): boolean {
  return id.startsWith('#');
}

function requireOperators(
  former: readonly FormerVertex[],
  now: readonly VertexLayout[],
  { name, wayOut }: StateOrigin,
): void {
  const operators = new Set(now.flatMap((vertex) => vertex.operators.map(({ id }) => id)));
  const missing = former
    .flatMap(({ images }) => missingOperators(images, operators))
    .filter((operator) => !isNumber(operator));
  if (missing.length === 0) return;
  const names = missing.map((operator) => `'${operator}'`).join(', ');
  throw new UserError(
    'STATE_NOT_RESTORED',
    `${name} holds state of ${names}, and the job has no operator with such a uid. Give the operator back ` +
      `its uid, drop the state with --allow-non-restored-state, or ${wayOut}.`,
  );
}

function requirePublished(former: readonly FormerVertex[], now: readonly VertexLayout[]): void {
  for (const { layout, images } of former) {
    const kept = new Set(now.flatMap((vertex) => [...sharedOperators(layout, vertex)]));
    const unpublished = new Map<string, number>();
    for (const delta of images.flatMap((image) => image.deltas())) {
      const { operator } = delta;
      if (!kept.has(operator)) {
        unpublished.set(operator, (unpublished.get(operator) ?? 0) + committablesIn(delta));
      }
    }
    for (const [operator, count] of unpublished) if (count > 0) throw notPublished(operator, count);
  }
}

function notPublished(operator: string, count: number): UserError {
  return new UserError(
    'STATE_NOT_RESTORED',
    `Sink '${operator}' of the former job has committed ${count} parts that it could not publish ` +
      'before the job ended, and this job has no such sink: their rows would be lost. Run the job as it ' +
      'was once more, which publishes them, stop it and change it then, or start over with --fresh.',
    { context: { operatorUid: operator } },
  );
}

function requireMaxParallelism(
  { layout: former, images }: FormerVertex,
  vertex: VertexLayout,
  { wayOut }: StateOrigin,
): void {
  if (former.maxParallelism === vertex.maxParallelism) return;
  const isKeyed = images.some((image) =>
    image.deltas().some(({ keyed, timers }) => keyed.length + timers.length > 0),
  );
  if (!isKeyed) return;
  throw new UserError(
    'STATE_INCOMPATIBLE',
    `The state of '${former.id}' was written with max parallelism ${former.maxParallelism}, and the job ` +
      `has ${vertex.maxParallelism} now, which changes the owners of keys. Set the max parallelism of the ` +
      `job to ${former.maxParallelism}, or ${wayOut}.`,
    { context: { operatorUid: vertex.id } },
  );
}
