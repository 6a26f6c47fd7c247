/**
 * What a new run takes over from a cut, and whether it can.
 *
 * 1. What can fail for good is asked while the old run still works, as far as it can be known then.
 * 2. It is asked again of the sealed cut before the new run becomes the job's: what has come up in between
 *    leaves the job with the run that it had.
 */
import { runOf } from './checkpoint.ts';
import type { CheckpointManifest } from './checkpoint-manifest.ts';
import {
  operatorIds,
  requireNothingLost,
  requirePerformed,
  requireSameKeyGroups,
  requireSameOrigins,
} from './compatibility.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { type FrameInFlight, readCut, readInboxRest, readInFlight } from './cut-reader.ts';
import { lostIntents, lostOperators, type OldRun } from './genesis.ts';
import type { RunKey, RunState } from './job-tables.ts';
import { findHead } from './log-head.ts';
import { type Rerouting, requireRoutes, rerouteFrame } from './rerouting.ts';
import { type RunPlan, subtaskName, subtasksOf, subtasksOfVertex } from './run-plan.ts';
import type { SubtaskFold } from './subtask-fold.ts';
import { readSubtask } from './subtask-reader.ts';

/** The run that takes over. */
export interface TakeoverRequest {
  readonly run: string;
  readonly plan: RunPlan;
  /** State of operators that are gone is dropped. */
  readonly allowNonRestoredState: boolean;
}

/** What a cut hands over. */
export interface Takeover {
  readonly old: OldRun;
  /** Frames by the `vertex/subtask` that takes them over: what an old inbox still held comes first. */
  readonly inFlight: ReadonlyMap<string, readonly FrameInFlight[]>;
}

/**
 * Reads a cut for a new run.
 *
 * Throws UserError STATE_INCOMPATIBLE or STATE_NOT_RESTORED if something of it has no place there.
 */
export async function readTakeover(
  ports: Pick<CoordinatorPorts, 'objects'>,
  manifest: CheckpointManifest,
  request: TakeoverRequest,
): Promise<Takeover> {
  requireSameKeyGroups(manifest.plan, request.plan);
  requireSameOrigins(manifest.plan, request.plan);
  const old = await readOldRun(ports, manifest);
  requireNoLoss(old, request);
  return { old, inFlight: await reroutedFrames(ports, { manifest, old, request }) };
}

/** Asks whether a run that still works can be taken over, whatever it does until it is sealed. */
export async function requireTakeover(
  ports: Pick<CoordinatorPorts, 'log' | 'objects' | 'records'>,
  key: RunKey,
  request: TakeoverRequest,
): Promise<void> {
  const { value: run } = await runOf(ports, key);
  requireSameKeyGroups(run.plan, request.plan);
  requireSameOrigins(run.plan, request.plan);
  const ids = operatorIds(request.plan);
  if ([...operatorIds(run.plan)].some((id) => !ids.has(id))) {
    requireNoLoss(await readLiveRun(ports, run), request);
  }
  // Of a run that has stopped the sealed cut tells what is in flight.
  if (!(await isSealed(ports, run))) requireRoutes(routingOf(run.plan, request));
}

async function isSealed(ports: Pick<CoordinatorPorts, 'log'>, run: RunState): Promise<boolean> {
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const { item } = await findHead(ports.log, subtask);
    if (item?.kind !== 'seal') return false;
  }
  return true;
}

async function readOldRun(
  ports: Pick<CoordinatorPorts, 'objects'>,
  manifest: CheckpointManifest,
): Promise<OldRun> {
  const subtasks = new Map<string, readonly SubtaskFold[]>();
  for (const vertex of manifest.plan.vertices) {
    const folds: SubtaskFold[] = [];
    for (const subtask of subtasksOfVertex(vertex, manifest.run)) {
      const cut = manifest.subtasks[subtaskName(subtask)];
      if (cut !== undefined) folds.push(await readCut(ports, cut));
    }
    subtasks.set(vertex.id, folds);
  }
  return { plan: manifest.plan, subtasks };
}

async function readLiveRun(ports: Pick<CoordinatorPorts, 'log' | 'objects'>, run: RunState): Promise<OldRun> {
  const subtasks = new Map<string, readonly SubtaskFold[]>();
  for (const vertex of run.plan.vertices) {
    const folds: SubtaskFold[] = [];
    for (const subtask of subtasksOfVertex(vertex, run.id)) {
      folds.push((await readSubtask(ports, subtask)).fold);
    }
    subtasks.set(vertex.id, folds);
  }
  return { plan: run.plan, subtasks };
}

async function reroutedFrames(
  ports: Pick<CoordinatorPorts, 'objects'>,
  {
    manifest,
    old,
    request,
  }: { readonly manifest: CheckpointManifest; readonly old: OldRun; readonly request: TakeoverRequest },
): Promise<Takeover['inFlight']> {
  const frames: FrameInFlight[] = [];
  for (const fold of [...old.subtasks.values()].flat()) frames.push(...(await readInboxRest(ports, fold)));
  frames.push(...(await readInFlight(ports, manifest)));
  const routing = routingOf(manifest.plan, request);
  const bySubtask = new Map<string, FrameInFlight[]>();
  for (const { frame, bytes } of frames) {
    for (const { vertex, subtask, frame: routed } of rerouteFrame(frame, routing)) {
      const name = subtaskName({ run: request.run, vertex, subtask });
      const list = bySubtask.get(name) ?? [];
      list.push({ frame: routed, bytes });
      bySubtask.set(name, list);
    }
  }
  return bySubtask;
}

function requireNoLoss(old: OldRun, { plan, allowNonRestoredState }: TakeoverRequest): void {
  const ids = operatorIds(plan);
  requirePerformed(lostIntents(old, ids));
  requireNothingLost(lostOperators(old, ids), allowNonRestoredState);
}

function routingOf(oldPlan: RunPlan, { plan, allowNonRestoredState }: TakeoverRequest): Rerouting {
  return { oldPlan, newPlan: plan, dropLost: allowNonRestoredState };
}
