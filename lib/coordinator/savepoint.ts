/**
 * Stops a run and keeps what it is: a seal on every log, in any order, and a cut at the sealed heads.
 *
 * 1. Nothing follows a seal (I13), so the heads are a cut whatever the order was (I11).
 * 2. It takes seconds under any backlog: what is in flight is named, not drained (I12).
 * 3. A log that is sealed already, as finished or by another attempt, stays as it is.
 */
import { InvariantError } from '../core/errors.ts';
import type { LogItem } from '../core/log/log-item.ts';
import {
  type CheckpointKey,
  type CheckpointOutcome,
  concludeCheckpoint,
  noteBases,
  pendingCheckpoint,
  runOf,
} from './checkpoint.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { appendHeadless, sealItem } from './headless-append.ts';
import { JobTables, type RunKey, type RunStatus } from './job-tables.ts';
import { subtasksOf } from './run-plan.ts';

export interface SavepointRequest extends RunKey {
  /** The same in every repetition. */
  readonly execution: string;
}

/** Stops the run and writes the manifest of its sealed cut; the name of the manifest. */
export async function takeSavepoint(ports: CoordinatorPorts, request: SavepointRequest): Promise<string> {
  const key = await createSavepoint(ports, request);
  await noteBases(ports, key);
  await sealRun(ports, key);
  const outcome = await concludeCheckpoint(ports, key);
  if (outcome.kind === 'complete') return outcome.manifest;
  throw undecided(key, outcome);
}

/** Seals every log of a run, then notes that it has stopped; as finished, if every subtask was. */
export async function sealRun(ports: CoordinatorPorts, key: RunKey): Promise<void> {
  const { value: run } = await runOf(ports, key);
  let finished = true;
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const seal = (head: LogItem | undefined, writer: string) => sealItem(head, { writer, code: run.code });
    finished = (await appendHeadless(ports, subtask, seal))?.seal === 'finished' && finished;
  }
  const from: readonly RunStatus[] = ['PREPARING', 'CREATED', 'RUNNING', 'FAILED'];
  await changeStatus(ports, key, { from, to: finished ? 'FINISHED' : 'SEALED' });
}

/** Sets the status by one conditional update, unless it is none of `from`; the status afterwards. */
export async function changeStatus(
  ports: Pick<CoordinatorPorts, 'records' | 'clock'>,
  key: RunKey,
  { from, to }: { readonly from: readonly RunStatus[]; readonly to: RunStatus },
): Promise<RunStatus> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const run = await runOf(ports, key);
    if (!from.includes(run.value.status)) return run.value.status;
    const changed = { ...run.value, status: to, changedAt: ports.clock.now() };
    if (await tables.update(run, changed)) return to;
  }
}

async function createSavepoint(
  ports: CoordinatorPorts,
  { job, run, execution }: SavepointRequest,
): Promise<CheckpointKey> {
  const tables = new JobTables(ports.records);
  for (;;) {
    const existing = (await tables.checkpoints(run)).map(({ value }) => value);
    const mine = existing.find((checkpoint) => checkpoint.execution === execution);
    if (mine !== undefined) return { job, run, n: mine.n };
    const n = (existing.at(-1)?.n ?? 0) + 1;
    const state = pendingCheckpoint({ run, n, execution, createdAt: ports.clock.now() }, 'stop');
    if (await tables.createCheckpoint(state)) return { job, run, n };
  }
}

function undecided({ run, n }: CheckpointKey, outcome: CheckpointOutcome): InvariantError {
  return new InvariantError('INVARIANT', `Savepoint ${n} of the sealed run ${run} is ${outcome.kind}.`);
}
