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
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { genesisOf, type ShardOwner } from './genesis.ts';
import { driveUntilEmpty, writeGenesis } from './genesis-log.ts';
import { JobTables, type RunKey, type RunState } from './job-tables.ts';
import { type RunPlan, subtaskName } from './run-plan.ts';
import { changeStatus, sealRun, takeSavepoint } from './savepoint.ts';
import { readTakeover, requireTakeover } from './takeover.ts';

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
    const from = request.from ?? null;
    await tables.createRun({ ...newRun(ports, request, origin), from, status: 'PREPARING', restoredFrom });
  }
  const run = await findOrigin(ports, request);
  if (!run.genesisWritten) await requireOrigin(ports, run, request);
  await claimLineage(ports, run);
  return run;
}

/** Asked of the sealed cut as long as the job has another run: what nobody can take over is given up. */
async function requireOrigin(
  ports: CoordinatorPorts,
  run: RunState,
  { allowNonRestoredState }: RestoreRequest,
): Promise<void> {
  const job = await new JobTables(ports.records).job(run.job);
  if (run.restoredFrom === null || job?.value.currentRun === run.id) return;
  try {
    const manifest = await readCheckpoint(ports, run.restoredFrom);
    await readTakeover(ports, manifest, { run: run.id, plan: run.plan, allowNonRestoredState });
  } catch (error) {
    if (error instanceof UserError) await abandon(ports, run);
    throw error;
  }
}

/** Stops the run that is replaced, once, and notes what the new one starts from. */
async function findOrigin(ports: CoordinatorPorts, request: RestoreRequest): Promise<RunState> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const run = await runOf(ports, request);
    requireSameRequest(run.value, request);
    const { status, replaces } = run.value;
    if (status === 'ABANDONED') throw taken(request.job, request.run);
    if (status !== 'PREPARING' || replaces === null) return run.value;
    if (run.value.restoredFrom !== null) await requireRetained(ports, run.value);
    const restoredFrom = await stopOld(ports, run.value, { job: request.job, run: replaces });
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
  const { allowNonRestoredState } = request;
  const takeover = { run: run.id, plan: run.plan, allowNonRestoredState };
  const { old, inFlight } = await readTakeover(ports, manifest, takeover);
  for (const vertex of run.plan.vertices) {
    for (const genesis of genesisOf(run.plan, vertex, { old, ownerOfShard: request.ownerOfShard })) {
      const name = subtaskName({ run: run.id, ...genesis });
      await writeGenesis(ports, run, { genesis, inFlight: inFlight.get(name) ?? [] });
    }
  }
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
  const { value: old } = await runOf(ports, oldKey);
  const from = request.from ?? (old.genesisWritten ? null : old.restoredFrom);
  if (from === null) await requireTakeover(ports, oldKey, request);
  else await readTakeover(ports, await readCheckpoint(ports, from), request);
  return from;
}

/** Throws UserError ARGUMENT_INVALID if a restore under this run id began with something else. */
function requireSameRequest(run: RunState, { plan, code, from }: RestoreRequest): void {
  const same = run.code === code && run.from === (from ?? null);
  if (same && JSON.stringify(run.plan) === JSON.stringify(plan)) return;
  throw new UserError(
    'ARGUMENT_INVALID',
    `Run ${run.id} of job ${run.job} was begun with another plan, code or checkpoint; repeat it as it was, ` +
      'or restore under another run id.',
  );
}

/** Seals the run that `run` replaces; the name of the manifest to start from, null for none. */
async function stopOld(ports: CoordinatorPorts, run: RunState, oldKey: RunKey): Promise<string | null> {
  if (!ports.rules.sealsBeforeGenesis() && run.from !== null) return run.from;
  const given = await giveUp(ports, oldKey);
  if (given.abandoned) {
    await sealRun(ports, oldKey);
    return run.from ?? given.restoredFrom;
  }
  if (run.from === null) return takeSavepoint(ports, { ...oldKey, execution: `restore ${run.id}` });
  await sealRun(ports, oldKey);
  return run.from;
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
      await abandon(ports, run);
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

/** The run's record names the checkpoint now: nobody discards it any more, but somebody may have before. */
async function requireRetained(ports: CoordinatorPorts, run: RunState): Promise<void> {
  const name = run.restoredFrom ?? '';
  const { run: origin, n } = await readCheckpoint(ports, name);
  const checkpoint = await new JobTables(ports.records).checkpoint(origin, n);
  const state = checkpoint?.value;
  if (state?.status === 'COMPLETE' && state.manifest === name && !state.discarded) return;
  await abandon(ports, run);
  throw new UserError(
    'CHECKPOINT_UNUSABLE',
    `Checkpoint ${n} of run ${origin} is ${state?.discarded === true ? 'discarded' : 'not complete'}; name ` +
      'one that is complete.',
  );
}

async function abandon(ports: CoordinatorPorts, { job, id: run }: RunState): Promise<void> {
  await changeStatus(ports, { job, run }, { from: ['PREPARING', 'CREATED'], to: 'ABANDONED' });
}

function newRun(
  { clock }: CoordinatorPorts,
  { job, run: id, plan, code }: StartRequest,
  origin: Pick<RunState, 'lineage' | 'replaces'>,
): RunState {
  const fields = {
    id,
    job,
    ...origin,
    plan,
    code,
    genesisWritten: false,
    logsDeleted: false,
    changedAt: clock.now(),
  };
  return { ...fields, status: 'CREATED', from: null, restoredFrom: null };
}

function taken(job: string, run: string): FencedError {
  return new FencedError(
    'RUN_FENCED',
    `Run ${run} of job ${job} is no longer the one to go on: another start, restore or stop came first.`,
  );
}
