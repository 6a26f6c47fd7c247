/**
 * Starts and restores runs: a new run takes over what a cut of an old one holds.
 *
 * 1. Compatibility is checked before anything is sealed.
 * 2. Old logs are sealed before the first genesis item is written, and genesis items are written before the
 *    new run gets input: no record is processed by two runs (I13, I15).
 * 3. Of two restores one gets the next lineage: the job record is updated conditionally. The record of the
 *    new run names the one that it replaces before that is stopped: whoever comes late stops no other (I13).
 * 4. Until all genesis items are written the cut is what counts, afterwards the logs: one conditional update
 *    of the run's record tells.
 * 5. Every step may be repeated under the same run id; a repetition goes on where the first one ended.
 */
import { FencedError, UserError } from '../core/errors.ts';
import { readCheckpoint, runOf } from './checkpoint.ts';
import type { CheckpointManifest } from './checkpoint-manifest.ts';
import { operatorIds, requireNothingLost, requirePerformed, requireSameKeyGroups } from './compatibility.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { type FrameInFlight, readCut, readInboxRest, readInFlight } from './cut-reader.ts';
import { genesisOf, lostIntents, lostOperators, type OldRun, type ShardOwner } from './genesis.ts';
import { driveUntilEmpty, writeGenesis } from './genesis-log.ts';
import { JobTables, type RunKey, type RunState } from './job-tables.ts';
import { type Rerouting, requireRoutes, rerouteFrame } from './rerouting.ts';
import { type RunPlan, subtaskName, subtasksOfVertex } from './run-plan.ts';
import { changeStatus, sealRun, takeSavepoint } from './savepoint.ts';
import type { SubtaskFold } from './subtask-fold.ts';
import { readSubtask } from './subtask-reader.ts';

export interface StartRequest extends RunKey {
  readonly plan: RunPlan;
  /** Hash of plan and code. */
  readonly code: string;
}

export interface RestoreRequest extends StartRequest {
  /** Manifest of a checkpoint or savepoint; undefined: the job is stopped and goes on from there. */
  readonly from: string | undefined;
  /** State of operators that are gone is dropped. */
  readonly allowNonRestoredState: boolean;
  /** @default the subtask that had the shard; where the parallelism has changed, in turn */
  readonly ownerOfShard?: ShardOwner;
}

/** Starts the first run of a job, empty. Throws FencedError RUN_FENCED if the job has another run. */
export async function startJob(ports: CoordinatorPorts, request: StartRequest): Promise<RunState> {
  const tables = new JobTables(ports.records);
  const { job, run: id } = request;
  await tables.createRun(newRun(ports, request, { lineage: 1, replaces: null }));
  await tables.createJob(job, { lineage: 1, currentRun: id });
  const current = await tables.job(job);
  if (current?.value.currentRun !== id) {
    await changeStatus(ports, request, { from: ['CREATED'], to: 'ABANDONED' });
    throw taken(job, id);
  }
  await noteGenesisWritten(ports, request);
  await changeStatus(ports, request, { from: ['CREATED'], to: 'RUNNING' });
  return (await runOf(ports, request)).value;
}

/** All steps of a restore in a row. Repeat it with the same run id after a RetryableError. */
export async function restoreJob(ports: CoordinatorPorts, request: RestoreRequest): Promise<RunState> {
  const prepared = await prepareRestore(ports, request);
  if (!prepared.genesisWritten) await writeAllGenesis(ports, request);
  await driveUntilEmpty(ports, prepared);
  const status = await changeStatus(ports, request, { from: ['CREATED'], to: 'RUNNING' });
  if (status === 'SEALED' || status === 'ABANDONED') throw taken(request.job, request.run);
  return (await runOf(ports, request)).value;
}

/** Checks, creates the record of the new run, stops the run that it replaces and makes it the job's. */
export async function prepareRestore(ports: CoordinatorPorts, request: RestoreRequest): Promise<RunState> {
  const tables = new JobTables(ports.records);
  // Before the run: a run that this job may stop is not a later one than the run asked for.
  const job = await tables.job(request.job);
  if (job === undefined) {
    throw new UserError('CHECKPOINT_UNUSABLE', `There is no job ${request.job} to restore; start it.`);
  }
  if ((await tables.run(request)) === undefined) {
    const restoredFrom = await checkBefore(ports, request, { job: request.job, run: job.value.currentRun });
    const origin = { lineage: job.value.lineage + 1, replaces: job.value.currentRun };
    await tables.createRun({ ...newRun(ports, request, origin), status: 'PREPARING', restoredFrom });
  }
  const run = await findOrigin(ports, request);
  await claimLineage(ports, run);
  return run;
}

/** Stops the run that is replaced, once, and notes what the new one starts from. */
async function findOrigin(ports: CoordinatorPorts, request: RestoreRequest): Promise<RunState> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const run = await runOf(ports, request);
    const { status, replaces } = run.value;
    if (status === 'ABANDONED') throw taken(request.job, request.run);
    if (status !== 'PREPARING' || replaces === null) return run.value;
    if (run.value.restoredFrom !== null) await requireRetained(ports, run.value);
    const restoredFrom = await stopOld(ports, request, { job: request.job, run: replaces });
    const changedAt = ports.clock.now();
    await tables.update(run, { ...run.value, status: 'CREATED', restoredFrom, changedAt });
  }
}

/** Writes the genesis items of all subtasks; from then on the logs are what counts. */
export async function writeAllGenesis(ports: CoordinatorPorts, request: RestoreRequest): Promise<void> {
  const { value: run } = await runOf(ports, request);
  if (run.genesisWritten) return;
  if (run.status !== 'CREATED') throw taken(run.job, run.id);
  if (run.restoredFrom !== null) {
    await writeFrom(ports, { request, run, manifest: await readCheckpoint(ports, run.restoredFrom) });
  }
  await noteGenesisWritten(ports, request);
}

async function writeFrom(
  ports: CoordinatorPorts,
  {
    request,
    run,
    manifest,
  }: { readonly request: RestoreRequest; readonly run: RunState; readonly manifest: CheckpointManifest },
): Promise<void> {
  const old = await readOldRun(ports, manifest);
  requireNoLoss(old, request);
  const inFlight = await reroutedFrames(ports, { manifest, old, request });
  for (const vertex of run.plan.vertices) {
    for (const genesis of genesisOf(run.plan, vertex, { old, ownerOfShard: request.ownerOfShard })) {
      const name = subtaskName({ run: run.id, ...genesis });
      await writeGenesis(ports, run, { genesis, inFlight: inFlight.get(name) ?? [] });
    }
  }
}

async function readOldRun(ports: CoordinatorPorts, manifest: CheckpointManifest): Promise<OldRun> {
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

/** Frames by the `vertex/subtask` that takes them over: what an old inbox still held comes first. */
async function reroutedFrames(
  ports: CoordinatorPorts,
  {
    manifest,
    old,
    request,
  }: { readonly manifest: CheckpointManifest; readonly old: OldRun; readonly request: RestoreRequest },
): Promise<ReadonlyMap<string, readonly FrameInFlight[]>> {
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

function routingOf(oldPlan: RunPlan, { plan, allowNonRestoredState }: RestoreRequest): Rerouting {
  return { oldPlan, newPlan: plan, dropLost: allowNonRestoredState };
}

/**
 * What can fail for good is asked while the old run still works. The manifest to start from as far as it is
 * known: that of the request, or of an old run that never began.
 */
async function checkBefore(
  ports: CoordinatorPorts,
  request: RestoreRequest,
  oldKey: RunKey,
): Promise<string | null> {
  const { value: oldRun } = await runOf(ports, oldKey);
  const from = request.from ?? (oldRun.genesisWritten ? null : oldRun.restoredFrom);
  const manifest = from === null ? undefined : await readCheckpoint(ports, from);
  const plan = manifest?.plan ?? oldRun.plan;
  requireSameKeyGroups(plan, request.plan);
  const old = manifest === undefined ? await readLiveRun(ports, oldRun) : await readOldRun(ports, manifest);
  requireNoLoss(old, request);
  if (manifest !== undefined) await reroutedFrames(ports, { manifest, old, request });
  else if (oldRun.status !== 'FINISHED') requireRoutes(routingOf(plan, request));
  return from;
}

function requireNoLoss(old: OldRun, { plan, allowNonRestoredState }: RestoreRequest): void {
  const ids = operatorIds(plan);
  requirePerformed(lostIntents(old, ids));
  requireNothingLost(lostOperators(old, ids), allowNonRestoredState);
}

async function readLiveRun(ports: CoordinatorPorts, run: RunState): Promise<OldRun> {
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

/** Seals a run that is replaced; the name of the manifest to start from, null for none. */
async function stopOld(
  ports: CoordinatorPorts,
  request: RestoreRequest,
  oldKey: RunKey,
): Promise<string | null> {
  if (!ports.rules.sealsBeforeGenesis() && request.from !== undefined) return request.from;
  const given = await giveUp(ports, oldKey);
  if (given.abandoned) {
    await sealRun(ports, oldKey);
    return request.from ?? given.restoredFrom;
  }
  if (request.from === undefined) {
    return takeSavepoint(ports, { ...oldKey, execution: `restore ${request.run}` });
  }
  await sealRun(ports, oldKey);
  return request.from;
}

/** Gives a run up whose genesis is not complete: what it was to start from is what counts. */
async function giveUp(
  ports: CoordinatorPorts,
  key: RunKey,
): Promise<{ readonly abandoned: boolean; readonly restoredFrom: string | null }> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const run = await runOf(ports, key);
    const { genesisWritten, restoredFrom, status } = run.value;
    if (genesisWritten) return { abandoned: false, restoredFrom };
    if (status === 'ABANDONED') return { abandoned: true, restoredFrom };
    const changedAt = ports.clock.now();
    if (await tables.update(run, { ...run.value, status: 'ABANDONED', changedAt })) {
      return { abandoned: true, restoredFrom };
    }
  }
}

/** Throws FencedError RUN_FENCED if another run has taken the lineage. */
async function claimLineage(ports: CoordinatorPorts, run: RunState): Promise<void> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const job = await tables.job(run.job);
    if (job?.value.currentRun === run.id) return;
    if (job === undefined || !ports.rules.mayClaimLineage(run.lineage - 1, job.value.lineage)) {
      await changeStatus(ports, { job: run.job, run: run.id }, { from: ['CREATED'], to: 'ABANDONED' });
      throw taken(run.job, run.id);
    }
    if (await tables.update(job, { lineage: run.lineage, currentRun: run.id })) return;
  }
}

async function noteGenesisWritten(ports: CoordinatorPorts, key: RunKey): Promise<void> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const run = await runOf(ports, key);
    if (run.value.genesisWritten) return;
    if (run.value.status !== 'CREATED') throw taken(key.job, key.run);
    if (await tables.update(run, { ...run.value, genesisWritten: true })) return;
  }
}

/**
 * The run's record names the checkpoint now: nobody discards it any more, but somebody may have before.
 * Nothing is stopped yet.
 */
async function requireRetained(ports: CoordinatorPorts, run: RunState): Promise<void> {
  const name = run.restoredFrom ?? '';
  const { run: origin, n } = await readCheckpoint(ports, name);
  const checkpoint = await new JobTables(ports.records).checkpoint(origin, n);
  const state = checkpoint?.value;
  if (state?.status === 'COMPLETE' && state.manifest === name && !state.discarded) return;
  await changeStatus(ports, { job: run.job, run: run.id }, { from: ['PREPARING'], to: 'ABANDONED' });
  throw new UserError(
    'CHECKPOINT_UNUSABLE',
    `Checkpoint ${n} of run ${origin} is ${state?.discarded === true ? 'discarded' : 'not complete'}; name ` +
      'one that is complete.',
  );
}

function newRun(
  { clock }: CoordinatorPorts,
  { job, run: id, plan, code }: StartRequest,
  origin: Pick<RunState, 'lineage' | 'replaces'>,
): RunState {
  const fields = { id, job, ...origin, plan, code, genesisWritten: false, changedAt: clock.now() };
  return { ...fields, status: 'CREATED', restoredFrom: null };
}

function taken(job: string, run: string): FencedError {
  return new FencedError(
    'RUN_FENCED',
    `Run ${run} of job ${job} is no longer the one to go on: another start, restore or stop came first.`,
  );
}
