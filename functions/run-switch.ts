/**
 * From one run of a job to the next while it is deployed.
 *
 * 1. What can fail for good is asked before the old run is sealed: whether the new code loads in its
 *    functions, and whether the new plan has a place for everything that the old run holds.
 * 2. Behind the seal each subtask is loaded with its state before any of them goes on: a run that cannot
 *    begin has committed nothing.
 * 3. A run that has committed nothing is given up in favour of what it was to start from; of any other the
 *    sealed cut is what counts (I13, I16).
 */
import type { CoordinatorPorts } from '../lib/coordinator/coordinator-ports.ts';
import type { RunState } from '../lib/coordinator/job-tables.ts';
import { findHead, KnownHeads } from '../lib/coordinator/log-head.ts';
import {
  prepareRestore,
  type RestoreRequest,
  restoreJob,
  startJob,
  writeAllGenesis,
} from '../lib/coordinator/restore.ts';
import { type RunPlan, subtasksOf } from '../lib/coordinator/run-plan.ts';
import { sealRun } from '../lib/coordinator/savepoint.ts';
import { mapConcurrently } from '../lib/core/concurrent-calls.ts';
import { RetryableError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { SubtaskId } from '../lib/core/log/subtask-id.ts';
import type { SwitchingCoordinator } from './deployed-coordinator.ts';
import { ownerOfShard } from './external-shards.ts';
import { findCurrentRun } from './run-directory.ts';

type Asking = Pick<SwitchingCoordinator, 'ports' | 'ask'>;

export interface SwitchRequest {
  readonly job: string;
  /** Id of the new run. */
  readonly run: string;
  readonly plan: RunPlan;
  readonly code: string;
  readonly allowNonRestoredState: boolean;
}

/**
 * Sees to it that a run of the plan and code asked for is the one that goes on: starts the first one, goes
 * on with the one that there is, completes one that was cut off while it was begun, or puts a new one in the
 * place of another. When that one was sealed, in ms since the epoch; undefined if nothing was sealed.
 *
 * Throws UserError STATE_INCOMPATIBLE, STATE_NOT_RESTORED or FUNCTION_FAILED.
 */
export async function reachRun(asking: Asking, request: SwitchRequest): Promise<number | undefined> {
  const { ports } = asking;
  const current = await findCurrentRun(ports.records, request.job);
  if (current === undefined) {
    await startJob(ports, request);
    return undefined;
  }
  const same = current.code === request.code && JSON.stringify(current.plan) === JSON.stringify(request.plan);
  if (same && current.status === 'RUNNING') return undefined;
  // Whoever began it is gone; the run keeps its id, under which it has what was done for it.
  if (same && current.status === 'CREATED') {
    return begin(asking, { ...request, run: current.id, from: current.from ?? undefined, ownerOfShard });
  }
  return switchRun(asking, { current, request });
}

/** Puts a new run in the place of `current`; when that was sealed. */
async function switchRun(
  asking: Asking,
  { current, request }: { readonly current: RunState; readonly request: SwitchRequest },
): Promise<number> {
  const { ports, ask } = asking;
  for (const { id: vertex } of request.plan.vertices) {
    await untilAnswered(ports, () => ask({ run: request.run, vertex, subtask: 0 }, 'probe'));
  }
  return begin(asking, { ...request, from: await originOf(ports, current), ownerOfShard });
}

/** Every step of it may be repeated; when it began. */
async function begin({ ports, ask }: Asking, restore: RestoreRequest): Promise<number> {
  const sealedAt = ports.clock.now();
  await prepareRestore(ports, restore);
  await writeAllGenesis(ports, restore);
  await mapConcurrently(subtasksOf(restore.plan, restore.run), (subtask) =>
    untilAnswered(ports, () => ask(subtask, 'load')),
  );
  await restoreJob(ports, restore);
  return sealedAt;
}

/** The manifest that a run which has begun nothing was to start from; undefined for any other run. */
async function originOf(ports: CoordinatorPorts, current: RunState): Promise<string | undefined> {
  const { id: run, job, status, genesisWritten, restoredFrom } = current;
  if (status !== 'CREATED' || !genesisWritten || restoredFrom === null) return undefined;
  await sealRun(ports, { job, run });
  for (const subtask of subtasksOf(current.plan, run)) {
    if (!(await isUntouched(ports, subtask))) return undefined;
  }
  return restoredFrom;
}

/** True if a sealed log holds its genesis and nothing else. */
async function isUntouched(ports: CoordinatorPorts, subtask: SubtaskId): Promise<boolean> {
  const { item } = await findHead(ports.log, subtask);
  return item === undefined || item.version <= 2;
}

async function untilAnswered({ clock }: CoordinatorPorts, ask: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RetryableError) || tries === LIMITS.functionQuestionsMax) throw error;
      await clock.sleep(LIMITS.functionQuestionPauseMs);
    }
  }
}

/**
 * How long nothing was committed between two runs, in ms; undefined if the new one has not committed anything
 * within LIMITS.firstVersionMsMax: it may have no input.
 */
export async function pauseSince(
  ports: CoordinatorPorts,
  { run, plan, sealedAt }: { readonly run: string; readonly plan: RunPlan; readonly sealedAt: number },
): Promise<number | undefined> {
  const heads = new KnownHeads(ports.log);
  const until = ports.clock.now() + LIMITS.firstVersionMsMax;
  while (ports.clock.now() < until) {
    for (const subtask of subtasksOf(plan, run)) {
      const head = await heads.find(subtask);
      if (head?.kind === 'data') return Math.max(0, head.processingTime - sealedAt);
    }
    await ports.clock.sleep(LIMITS.firstVersionPauseMs);
  }
  return undefined;
}
