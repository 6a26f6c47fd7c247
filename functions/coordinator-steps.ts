/**
 * The steps of the state machines. Each may be repeated, and run beside its own repetition; what a machine
 * carries from step to step is a name or two, whatever the number of subtasks.
 */

import { switchMappings } from '../lib/adapters/lambda/mapping-switch.ts';
import {
  abortCheckpoint,
  appendEpoch,
  type CheckpointOutcome,
  concludeCheckpoint,
  createCheckpoint,
  noteBases,
  runOf,
} from '../lib/coordinator/checkpoint.ts';
import type { CoordinatorPorts } from '../lib/coordinator/coordinator-ports.ts';
import { reportCheckpoints, reportRun } from '../lib/coordinator/job-report.ts';
import type { RunState } from '../lib/coordinator/job-tables.ts';
import { prepareRestore, restoreJob } from '../lib/coordinator/restore.ts';
import { subtasksOf, subtasksOfVertex } from '../lib/coordinator/run-plan.ts';
import { sealRun, takeSavepoint } from '../lib/coordinator/savepoint.ts';
import { sweepRun } from '../lib/coordinator/sweeper.ts';
import { assertNever, UserError } from '../lib/core/errors.ts';
import { dropDeadLetters, listDeadLetters } from './dead-letter-list.ts';
import type { DeployedCoordinator } from './deployed-coordinator.ts';
import { ownerOfShard } from './external-shards.ts';
import { requireNothingConsumedSince } from './restore-origin.ts';
import { findCurrentRun } from './run-directory.ts';

/** What a step is called with. `execution` names the execution of the machine. */
export type CoordinatorEvent =
  | { readonly step: 'create-checkpoint'; readonly execution: string; readonly keep?: boolean }
  | { readonly step: 'note-bases' | 'append-epochs'; readonly run: string; readonly n: number }
  | { readonly step: 'conclude-checkpoint' | 'abort-checkpoint'; readonly run: string; readonly n: number }
  | { readonly step: 'drain' | 'look'; readonly execution: string }
  | { readonly step: 'stop'; readonly execution: string; readonly savepoint: boolean }
  | { readonly step: 'restore'; readonly execution: string; readonly from?: string | null }
  /** Asked by people: nothing is changed by the first three. */
  | { readonly step: 'status' | 'checkpoints' }
  | { readonly step: 'dead-letters' | 'drop-dead-letters'; readonly limit?: number };

/** Does one step; the answer is what the machine decides by. */
export async function runStep(
  coordinator: DeployedCoordinator,
  event: CoordinatorEvent,
): Promise<Readonly<Record<string, unknown>>> {
  const { ports, deployment } = coordinator;
  const { job } = deployment;
  switch (event.step) {
    case 'create-checkpoint':
      return beginCheckpoint(coordinator, event);
    case 'note-bases':
      await noteBases(ports, { job, ...event });
      return { run: event.run, n: event.n };
    case 'append-epochs':
      await appendEpochs(ports, { job, run: event.run, n: event.n });
      return { run: event.run, n: event.n };
    case 'conclude-checkpoint':
      return shown(
        await concludeCheckpoint(ports, { job, run: event.run, n: event.n }, deployment.checkpoints),
      );
    case 'abort-checkpoint':
      return shown(await abortCheckpoint(ports, { job, run: event.run, n: event.n }));
    case 'drain':
      return drain(coordinator);
    case 'look':
      return look(coordinator);
    case 'stop':
      return stop(coordinator, event);
    case 'restore':
      return restore(coordinator, event);
    case 'status':
      return { ...(await reportRun(ports, await requireRun(ports, job))) };
    case 'checkpoints':
      return { checkpoints: await reportCheckpoints(ports, { job, run: (await requireRun(ports, job)).id }) };
    case 'dead-letters':
      return listDeadLetters(ports.objects, event);
    case 'drop-dead-letters':
      return dropDeadLetters(ports.objects, event);
    default:
      return assertNever(event);
  }
}

async function beginCheckpoint(
  { ports, deployment }: DeployedCoordinator,
  { execution, keep = false }: { readonly execution: string; readonly keep?: boolean },
): Promise<Readonly<Record<string, unknown>>> {
  const run = await findCurrentRun(ports.records, deployment.job);
  if (run === undefined) return { kind: 'skipped' };
  const request = { job: deployment.job, run: run.id, execution, keep };
  const created = await createCheckpoint(ports, { ...request, ...deployment.checkpoints });
  return created.kind === 'created' ? { ...created, run: run.id } : { kind: 'skipped' };
}

async function appendEpochs(
  ports: CoordinatorPorts,
  key: { readonly job: string; readonly run: string; readonly n: number },
): Promise<void> {
  const { value: run } = await runOf(ports, key);
  for (const subtask of subtasksOf(run.plan, run.id)) await appendEpoch(ports, key, subtask);
}

/** Ends the input of every source where it stands. */
async function drain({ ports, deployment }: DeployedCoordinator): Promise<Readonly<Record<string, unknown>>> {
  const run = await requireRun(ports, deployment.job);
  for (const vertex of run.plan.vertices.filter(({ source }) => source)) {
    for (const subtask of subtasksOfVertex(vertex, run.id)) {
      await ports.invoker.invoke(subtask, { kind: 'drain' });
    }
  }
  return { status: run.status };
}

/** Sweeps, and tells how far the run is. */
async function look({ ports, deployment }: DeployedCoordinator): Promise<Readonly<Record<string, unknown>>> {
  const run = await requireRun(ports, deployment.job);
  const { status } = await sweepRun(ports, { job: deployment.job, run: run.id });
  return { status };
}

async function stop(
  coordinator: DeployedCoordinator,
  { execution, savepoint }: { readonly execution: string; readonly savepoint: boolean },
): Promise<Readonly<Record<string, unknown>>> {
  const { ports, deployment, lambda, mappings } = coordinator;
  const { id: run } = await requireRun(ports, deployment.job);
  const key = { job: deployment.job, run };
  const manifest = savepoint ? await takeSavepoint(ports, { ...key, execution }) : undefined;
  if (!savepoint) await sealRun(ports, key);
  // Behind a seal every batch fails: nothing is to be invoked for that.
  await switchMappings({ lambda, clock: ports.clock }, mappings, false);
  return { run, ...(manifest === undefined ? {} : { savepoint: manifest }) };
}

async function restore(
  { ports, deployment, lambda, mappings }: DeployedCoordinator,
  { execution, from }: { readonly execution: string; readonly from?: string | null },
): Promise<Readonly<Record<string, unknown>>> {
  const { job, code } = deployment;
  const current = await requireRun(ports, job);
  const { plan } = current;
  const target = { job, run: runNameOf(execution), plan, code, from: from ?? undefined };
  const request = { ...target, allowNonRestoredState: false, ownerOfShard };
  const repeated = current.id === target.run;
  if (target.from !== undefined && !repeated) {
    await requireNothingConsumedSince(ports, target.from, current);
  }
  await prepareRestore(ports, request);
  // Not before the run is another: sweeps disable the mappings of one that has failed.
  await switchMappings({ lambda, clock: ports.clock }, mappings, true);
  const run = await restoreJob(ports, request);
  return { run: run.id, status: run.status };
}

/** The last part of the ARN of an execution is its name. */
function runNameOf(execution: string): string {
  return execution.slice(execution.lastIndexOf(':') + 1);
}

async function requireRun(ports: CoordinatorPorts, job: string): Promise<RunState> {
  const run = await findCurrentRun(ports.records, job);
  if (run !== undefined) return run;
  throw new UserError('CHECKPOINT_UNUSABLE', `Job ${job} has no run; deploy it.`);
}

function shown(outcome: CheckpointOutcome): Readonly<Record<string, unknown>> {
  return { ...outcome };
}
