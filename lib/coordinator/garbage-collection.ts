/**
 * Deletes what nobody can read any more.
 *
 * 1. Names are listed first, then bases are read, then records: whatever becomes reachable meanwhile was
 *    reachable when it was looked for, or is too young to be listed for deletion.
 * 2. Nothing younger than `LIMITS.garbageAgeMs` is deleted: a writer that has stored an object and not yet
 *    named it does not live as long.
 * 3. A checkpoint is marked as discarded before its objects go, and a restore names the checkpoint in its
 *    record before it looks for the mark: one of the two sees the other. If both do, the mark is taken back.
 * 4. Segments of which every receiver has consumed the frames are forgotten: the list in a base stays short.
 * 5. A log is deleted only when its run is over for that long, and nothing but checkpoints is kept of it.
 *    That takes long where keyed state is in a table, so it is done once, behind the run that goes on.
 */
import { LIMITS } from '../core/limits.ts';
import type { BaseRecord } from '../core/log/log-item.ts';
import { runPrefixes } from '../core/log/paths.ts';
import { subtaskPath } from '../core/log/subtask-id.ts';
import type { StoredObject } from '../ports/object-store.ts';
import { MissingObjectError, readBaseManifest } from '../ports/stored-objects.ts';
import { abortCheckpoint, readCheckpoint } from './checkpoint.ts';
import type { CheckpointManifest } from './checkpoint-manifest.ts';
import { compactSubtask } from './compaction.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { type CheckpointState, JobTables, type RunKey, type RunState, type RunStatus } from './job-tables.ts';
import {
  frameHorizons,
  framePoints,
  type NamedBase,
  reachability,
  type SubtaskRoots,
} from './reachability.ts';
import { subtaskName, subtasksOf } from './run-plan.ts';

export interface CollectRequest {
  readonly job: string;
  /**
   * Complete checkpoints that are kept of each run; savepoints are kept until they are discarded.
   * @default LIMITS.checkpointsRetained
   */
  readonly retained?: number | undefined;
}

export interface CollectReport {
  readonly deletedObjects: number;
  /** Runs whose logs were deleted this time. */
  readonly deletedRuns: readonly string[];
}

/** Collects the garbage of all runs of a job. */
export async function collectGarbage(
  ports: CoordinatorPorts,
  request: CollectRequest,
): Promise<CollectReport> {
  const tables = new JobTables(ports.records);
  const current = (await tables.job(request.job))?.value.currentRun;
  const ids = (await tables.runs(request.job)).map(({ value }) => value.id);
  ids.sort((a, b) => Number(b === current) - Number(a === current));
  const deletedRuns: string[] = [];
  let deletedObjects = 0;
  for (const run of ids) {
    const collected = await collectRun(ports, { job: request.job, run }, request);
    if (collected === 'busy') continue;
    deletedObjects += collected.deletedObjects;
    if (collected.deletedLogs) deletedRuns.push(run);
  }
  return { deletedObjects, deletedRuns };
}

/** True if a run is so long over that only its checkpoints count. Pure. */
export function isOver(run: RunState, current: RunState | undefined, now: number): boolean {
  if (now - run.changedAt <= LIMITS.garbageAgeMs) return false;
  if (run.status === 'ABANDONED') return true;
  const superseded = current !== undefined && current.id !== run.id && current.genesisWritten;
  return superseded && (run.status === 'SEALED' || run.status === 'FINISHED');
}

/** Checkpoints whose objects are to be given up, all but the latest ones. Pure. */
export function expiredCheckpoints(
  checkpoints: readonly CheckpointState[],
  { retained, restoring }: { readonly retained: number; readonly restoring: ReadonlySet<string> },
): readonly CheckpointState[] {
  const complete = checkpoints.filter(
    ({ status, purpose, discarded }) => status === 'COMPLETE' && purpose === 'checkpoint' && !discarded,
  );
  const expired = retained === 0 ? complete : complete.slice(0, -retained);
  return expired.filter(({ manifest }) => manifest === null || !restoring.has(manifest));
}

async function collectRun(
  ports: CoordinatorPorts,
  key: RunKey,
  { retained = LIMITS.checkpointsRetained }: CollectRequest,
): Promise<'busy' | { readonly deletedObjects: number; readonly deletedLogs: boolean }> {
  const listed = await listObjects(ports, key.run);
  const tables = new JobTables(ports.records);
  const run = (await tables.run(key))?.value;
  if (run === undefined) return 'busy';
  const current = await readBases(ports, run);
  const over = isOver(run, await currentRun(tables, key.job), ports.clock.now());
  await discardExpired(ports, { key, retained });
  const checkpoints = (await tables.checkpoints(key.run)).map(({ value }) => value);
  const pending = checkpoints.filter(({ status }) => status === 'PENDING');
  if (!over && pending.some(({ bases }) => bases === null)) return 'busy';
  const kept = await keptManifests(ports, { checkpoints, listed, job: key.job });
  const roots = await rootsOf(ports, { run, current, over, pending, kept });
  if (roots === 'moved') return 'busy';
  const isReachable = reachability(roots, [...kept.keys()]);
  const now = ports.clock.now();
  const garbage = listed.filter(({ name, storedAt }) =>
    ports.rules.isGarbage({ reachable: isReachable(name), ageMs: now - storedAt }),
  );
  const deletedLogs = over && !run.logsDeleted;
  if (deletedLogs) await deleteLogs(ports, key, run);
  await deleteObjects(ports, garbage);
  // What stops a run may be cut long after it has noted its bases: what lies behind them is not forgotten.
  const stopping = pending.some(({ purpose }) => purpose === 'stop');
  if (!over && !stopping) await forgetSegments(ports, run, { roots, kept });
  return { deletedObjects: garbage.length, deletedLogs };
}

async function deleteLogs(ports: CoordinatorPorts, key: RunKey, { id, plan }: RunState): Promise<void> {
  for (const subtask of subtasksOf(plan, id)) await ports.log.deleteLog(subtask);
  await ports.table?.deleteRun(id);
  const tables = new JobTables(ports.records);
  const read = await tables.run(key);
  if (read !== undefined) await tables.update(read, { ...read.value, logsDeleted: true });
}

/** Shortens the lists of segments of bases, which only grow when a subtask compacts its log itself. */
async function forgetSegments(
  ports: CoordinatorPorts,
  run: RunState,
  {
    roots,
    kept,
  }: { readonly roots: readonly SubtaskRoots[]; readonly kept: ReadonlyMap<string, CheckpointManifest> },
): Promise<void> {
  const horizons = frameHorizons(framePoints([...kept.values()]));
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const horizon = horizons[subtaskName(subtask)] ?? 0;
    const root = roots.find((candidate) => candidate.subtask === subtaskPath(subtask));
    const segments = root?.current?.manifest.segments ?? [];
    const forgotten = segments.filter(({ toVersion }) => toVersion <= horizon);
    if (forgotten.length > LIMITS.forgottenSegmentsMax) await compactSubtask(ports, subtask, horizon);
  }
}

async function listObjects(
  { objects }: Pick<CoordinatorPorts, 'objects'>,
  run: string,
): Promise<readonly StoredObject[]> {
  const listed: StoredObject[] = [];
  for (const prefix of runPrefixes(run)) {
    for await (const object of objects.list(prefix)) listed.push(object);
  }
  return listed;
}

async function readBases(
  { log }: Pick<CoordinatorPorts, 'log'>,
  run: RunState,
): Promise<ReadonlyMap<string, BaseRecord>> {
  const bases = new Map<string, BaseRecord>();
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const base = await log.readBase(subtask);
    if (base !== undefined) bases.set(subtaskPath(subtask), base);
  }
  return bases;
}

async function currentRun(tables: JobTables, job: string): Promise<RunState | undefined> {
  const state = await tables.job(job);
  return state && (await tables.run({ job, run: state.value.currentRun }))?.value;
}

async function discardExpired(
  ports: CoordinatorPorts,
  { key, retained }: { readonly key: RunKey; readonly retained: number },
): Promise<void> {
  const tables = new JobTables(ports.records);
  const checkpoints = await tables.checkpoints(key.run);
  const states = checkpoints.map(({ value }) => value);
  const restoring = await restoringFrom(ports, key.job);
  const expired = new Set(expiredCheckpoints(states, { retained, restoring }));
  for (const checkpoint of checkpoints) {
    const { n, status, purpose, createdAt } = checkpoint.value;
    const stale = ports.clock.now() - createdAt > LIMITS.garbageAgeMs;
    if (expired.has(checkpoint.value)) {
      await discard(ports, key, n);
    } else if (status === 'PENDING' && purpose !== 'stop' && stale) {
      await abortCheckpoint(ports, { ...key, n });
    }
  }
}

/** Marks a checkpoint, and takes the mark back if a restore has named it meanwhile. */
async function discard(ports: CoordinatorPorts, { job, run }: RunKey, n: number): Promise<void> {
  const tables = new JobTables(ports.records);
  for (const discarded of [true, false]) {
    const checkpoint = await tables.checkpoint(run, n);
    if (checkpoint === undefined) return;
    await tables.update(checkpoint, { ...checkpoint.value, discarded });
    const { manifest } = checkpoint.value;
    if (manifest === null || !(await restoringFrom(ports, job)).has(manifest)) return;
  }
}

/** Manifests from which a restore is reading, or may still begin to: those that can take the next lineage. */
async function restoringFrom(ports: CoordinatorPorts, job: string): Promise<ReadonlySet<string>> {
  const restoring: readonly RunStatus[] = ['PREPARING', 'CREATED'];
  const state = (await new JobTables(ports.records).job(job))?.value;
  const live = (await readRuns(ports, job)).filter(
    ({ id, lineage, genesisWritten, status }) =>
      !genesisWritten &&
      restoring.includes(status) &&
      (id === state?.currentRun || lineage > (state?.lineage ?? 0)),
  );
  return new Set(live.flatMap(({ restoredFrom }) => restoredFrom ?? []));
}

/** Manifests of the run that are kept, by name: complete, or named by a restore, or not decided yet. */
async function keptManifests(
  ports: CoordinatorPorts,
  facts: {
    readonly checkpoints: readonly CheckpointState[];
    readonly listed: readonly StoredObject[];
    readonly job: string;
  },
): Promise<ReadonlyMap<string, CheckpointManifest>> {
  const restoring = await restoringFrom(ports, facts.job);
  const names = facts.checkpoints
    .filter(({ status, discarded }) => status === 'COMPLETE' && !discarded)
    .flatMap(({ manifest }) => manifest ?? []);
  for (const { name } of facts.listed) {
    if (restoring.has(name)) names.push(name);
  }
  const kept = new Map<string, CheckpointManifest>();
  for (const name of new Set(names)) kept.set(name, await readCheckpoint(ports, name));
  return kept;
}

async function readRuns({ records }: CoordinatorPorts, job: string): Promise<readonly RunState[]> {
  return (await new JobTables(records).runs(job)).map(({ value }) => value);
}

async function rootsOf(
  ports: CoordinatorPorts,
  {
    run,
    current,
    over,
    pending,
    kept,
  }: {
    readonly run: RunState;
    readonly current: ReadonlyMap<string, BaseRecord>;
    readonly over: boolean;
    readonly pending: readonly CheckpointState[];
    readonly kept: ReadonlyMap<string, CheckpointManifest>;
  },
): Promise<readonly SubtaskRoots[] | 'moved'> {
  const roots: SubtaskRoots[] = [];
  for (const id of subtasksOf(run.plan, run.id)) {
    const [subtask, name] = [subtaskPath(id), subtaskName(id)];
    const record = over ? undefined : current.get(subtask);
    const cuts = [...kept.values()].flatMap(({ subtasks }) => subtasks[name] ?? []);
    const named = [
      ...cuts.map(({ base }) => base),
      ...(over ? [] : pending.map(({ bases }) => bases?.[name] ?? null)),
    ].filter((base) => base !== null);
    const bases: NamedBase[] = [];
    for (const base of new Set(named)) bases.push(...(await namedBase(ports, base)));
    const now = record && (await namedBase(ports, record.manifest))[0];
    // What the base after it shares with it is not known then.
    if (record !== undefined && now === undefined) return 'moved';
    roots.push({ subtask, live: !over, current: now, cuts, bases });
  }
  return roots;
}

/** Nothing, if the object is gone. */
async function namedBase({ objects }: CoordinatorPorts, name: string): Promise<readonly NamedBase[]> {
  try {
    return [{ name, manifest: await readBaseManifest(objects, name) }];
  } catch (error) {
    if (error instanceof MissingObjectError) return [];
    throw error;
  }
}

async function deleteObjects(
  { objects }: Pick<CoordinatorPorts, 'objects'>,
  garbage: readonly StoredObject[],
): Promise<void> {
  for (let i = 0; i < garbage.length; i += LIMITS.deletedNamesMax) {
    await objects.delete(garbage.slice(i, i + LIMITS.deletedNamesMax).map(({ name }) => name));
  }
}
