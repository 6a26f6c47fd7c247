/**
 * Where frames in flight go in a new plan. Pure.
 *
 * 1. Every record comes to exactly one subtask; on a broadcast edge, to every subtask once.
 * 2. Frames of one old channel keep their order at every new subtask. They keep the run, the sender, the
 *    receiver and the number of their old channel; the edge is that of the new plan.
 */
import { assertNever, InvariantError, UserError } from '../core/errors.ts';
import { operatorIndexForKeyGroup } from '../core/key-groups.ts';
import type { Frame, FrameRun } from '../core/log/frame.ts';
import type { PlanEdge, PlanVertex, RunPlan } from './run-plan.ts';

/** A frame for one subtask of the new run. */
export interface RoutedFrame {
  readonly vertex: string;
  readonly subtask: number;
  readonly frame: Frame;
}

export interface Rerouting {
  readonly oldPlan: RunPlan;
  readonly newPlan: RunPlan;
  /** Frames to operators that the new plan lacks are dropped. */
  readonly dropLost: boolean;
}

/** Throws UserError STATE_INCOMPATIBLE if the new plan has no place for the frame. */
export function rerouteFrame(frame: Frame, routing: Rerouting): readonly RoutedFrame[] {
  const oldEdge = routing.oldPlan.edges.find((edge) => edge.id === frame.edge);
  if (oldEdge === undefined) {
    throw new InvariantError('INVARIANT', `Frame of ${frame.upstream} names the unknown edge ${frame.edge}.`);
  }
  const edge = matchingEdge(oldEdge, routing.newPlan);
  const vertex = routing.newPlan.vertices.find(({ id }) => id === edge?.targetVertex);
  if (edge !== undefined && vertex !== undefined) {
    const oldVertex = routing.oldPlan.vertices.find(({ id }) => id === oldEdge.targetVertex);
    return routeTo({ frame: { ...frame, edge: edge.id }, edge, vertex, oldVertex });
  }
  if (mayBeDropped(oldEdge, routing)) return [];
  throw noPlace(oldEdge, 'Records are in flight');
}

/**
 * Asks before a run is stopped whether there is a place for whatever will be in flight.
 *
 * Throws UserError STATE_INCOMPATIBLE if an edge is gone, or needs keys that its records do not carry.
 */
export function requireRoutes(routing: Rerouting): void {
  for (const old of routing.oldPlan.edges) {
    const edge = matchingEdge(old, routing.newPlan);
    if (edge === undefined && !mayBeDropped(old, routing)) throw noPlace(old, 'Records may be in flight');
    if (edge?.routing !== 'key-group' || old.routing === 'key-group') continue;
    throw new UserError(
      'STATE_INCOMPATIBLE',
      `Records may be in flight from ${old.sourceOperator} to ${old.targetOperator} without a key, and the ` +
        'new plan routes by key. Stop the job when all of its input is processed, then restore.',
      { context: { operatorUid: old.targetOperator } },
    );
  }
}

function mayBeDropped({ targetOperator }: PlanEdge, { dropLost, newPlan }: Rerouting): boolean {
  if (!dropLost) return false;
  return !newPlan.vertices.some(({ operators }) => operators.some(({ id }) => id === targetOperator));
}

function noPlace({ sourceOperator, targetOperator }: PlanEdge, what: string): UserError {
  return new UserError(
    'STATE_INCOMPATIBLE',
    `${what} from ${sourceOperator} to ${targetOperator}, and the new plan has no edge on which they could ` +
      'arrive. If both are chained now, keep the parallelism they had or call disableChaining(); if the ' +
      'operator is gone, drop what is lost with allowNonRestoredState; or stop the job, and restore ' +
      'it when nothing is in flight.',
    { context: { operatorUid: targetOperator } },
  );
}

/** The edge between the same operators, else any edge into the same input. */
export function matchingEdge(old: PlanEdge, plan: RunPlan): PlanEdge | undefined {
  const sameInput = plan.edges.filter(
    (edge) => edge.targetOperator === old.targetOperator && edge.inputIndex === old.inputIndex,
  );
  return sameInput.find((edge) => edge.sourceOperator === old.sourceOperator) ?? sameInput[0];
}

interface Route {
  readonly frame: Frame;
  readonly edge: PlanEdge;
  readonly vertex: PlanVertex;
  readonly oldVertex: PlanVertex | undefined;
}

function routeTo(route: Route): readonly RoutedFrame[] {
  const { frame, edge, vertex, oldVertex } = route;
  const oldTarget = indexOf(frame.target);
  const to = (subtask: number): RoutedFrame => ({ vertex: vertex.id, subtask, frame });
  switch (edge.routing) {
    case 'key-group':
      return byKeyGroup(route);
    case 'broadcast':
      // With as many subtasks as before each goes on with its own copies, else all with those of the first.
      if (oldVertex?.parallelism === vertex.parallelism) return [to(oldTarget)];
      return oldTarget === 0 ? Array.from({ length: vertex.parallelism }, (_, subtask) => to(subtask)) : [];
    case 'first':
      return [to(0)];
    case 'any':
      return [to(oldTarget % vertex.parallelism)];
    default:
      return assertNever(edge.routing);
  }
}

function byKeyGroup({ frame, edge, vertex }: Route): readonly RoutedFrame[] {
  const { maxParallelism, parallelism } = vertex;
  const owners = new Set<number>();
  for (const { records } of frame.runs) {
    for (const { keyGroup } of records) {
      if (keyGroup < 0 || keyGroup >= maxParallelism) throw unkeyed(frame, edge);
      owners.add(operatorIndexForKeyGroup(maxParallelism, parallelism, keyGroup));
    }
  }
  return [...owners]
    .sort((a, b) => a - b)
    .map((subtask) => {
      const owns = (keyGroup: number): boolean =>
        operatorIndexForKeyGroup(maxParallelism, parallelism, keyGroup) === subtask;
      const runs = frame.runs.map(
        (run): FrameRun => ({ ...run, records: run.records.filter(({ keyGroup }) => owns(keyGroup)) }),
      );
      return { vertex: vertex.id, subtask, frame: { ...frame, runs } };
    });
}

/** The index in `vertex/subtask`. */
function indexOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('/') + 1));
}

function unkeyed(frame: Frame, edge: PlanEdge): UserError {
  return new UserError(
    'STATE_INCOMPATIBLE',
    `Records in flight to ${edge.targetOperator} were sent without a key, and the new plan routes by key: ` +
      `frame ${frame.cseq} of ${frame.upstream}. Restore with the old way of partitioning first.`,
  );
}
