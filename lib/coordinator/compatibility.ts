/** Whether a new plan can take over what a cut holds. Pure, and asked before anything is sealed. */
import { UserError } from '../core/errors.ts';
import type { PlanVertex, RunPlan } from './run-plan.ts';

/** Ids of all operators of a plan. */
export function operatorIds(plan: RunPlan): ReadonlySet<string> {
  return new Set(plan.vertices.flatMap(({ operators }) => operators.map(({ id }) => id)));
}

/** Throws UserError STATE_INCOMPATIBLE if keyed operators are cut into another number of key groups. */
export function requireSameKeyGroups(oldPlan: RunPlan, newPlan: RunPlan): void {
  for (const vertex of newPlan.vertices) {
    for (const { id } of vertex.operators) {
      const old = oldPlan.vertices.find(({ operators }) => operators.some((operator) => operator.id === id));
      if (old === undefined || old.maxParallelism === vertex.maxParallelism) continue;
      if (!isKeyed(old, oldPlan) && !isKeyed(vertex, newPlan)) continue;
      throw new UserError(
        'STATE_INCOMPATIBLE',
        `Operator ${id} had max parallelism ${old.maxParallelism} and has ${vertex.maxParallelism} now: ` +
          `its state is addressed by it. Set setMaxParallelism(${old.maxParallelism}).`,
        { context: { operatorUid: id } },
      );
    }
  }
}

/** Throws UserError STATE_INCOMPATIBLE if a source reads something else than when its positions were kept. */
export function requireSameOrigins(oldPlan: RunPlan, newPlan: RunPlan): void {
  const former = new Map(oldPlan.vertices.map((vertex) => [vertex.operators[0]?.id, vertex.reads]));
  for (const { operators, reads } of newPlan.vertices) {
    const [head] = operators;
    const before = former.get(head?.id);
    if (head === undefined || before === undefined || reads === undefined || before === reads) continue;
    throw new UserError(
      'STATE_INCOMPATIBLE',
      `Source ${head.id} has read ${before} and is to read ${reads} now, where its positions mean nothing. ` +
        'Bind what it had, or give the source another uid: it begins at its start position, if ' +
        'allowNonRestoredState drops the former positions.',
      { context: { operatorUid: head.id } },
    );
  }
}

/** Throws UserError STATE_NOT_RESTORED if `lost` is not empty and losing is not allowed. */
export function requireNothingLost(lost: readonly string[], allowNonRestoredState: boolean): void {
  if (lost.length === 0 || allowNonRestoredState) return;
  throw new UserError(
    'STATE_NOT_RESTORED',
    `There is state of operators that the new plan lacks: ${lost.join(', ')}. Give the operators that ` +
      'stand for them these uids, or drop the state with allowNonRestoredState.',
  );
}

/** Throws UserError STATE_NOT_RESTORED if sinks are gone that have committed what is not performed yet. */
export function requirePerformed(sinks: readonly string[]): void {
  if (sinks.length === 0) return;
  throw new UserError(
    'STATE_NOT_RESTORED',
    `Sinks that the new plan lacks have committed output that they have not published yet: ` +
      `${sinks.join(', ')}. It would be lost. Restore with these sinks once more, and remove them when it ` +
      'is published.',
  );
}

function isKeyed(vertex: PlanVertex, plan: RunPlan): boolean {
  if (vertex.operators.some(({ keyed }) => keyed)) return true;
  return plan.edges.some((edge) => edge.targetVertex === vertex.id && edge.routing === 'key-group');
}
