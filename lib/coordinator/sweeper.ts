/**
 * Wakes subtasks to which nothing else comes. Run once a minute a job; without it nothing is alive.
 *
 * 1. It decides from heads alone and writes nothing into logs.
 * 2. A run has finished when every log ends with a finished seal: everything is consumed and sent (I13).
 */
import { LIMITS } from '../core/limits.ts';
import type { LogItem } from '../core/log/log-item.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import type { SubtaskRequest } from '../ports/subtask-invoker.ts';
import { runOf } from './checkpoint.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import type { RunKey, RunState, RunStatus } from './job-tables.ts';
import { KnownHeads } from './log-head.ts';
import { subtasksOf } from './run-plan.ts';
import { changeStatus } from './savepoint.ts';

export interface SweepReport {
  readonly status: RunStatus;
  readonly invoked: number;
  /** When a subtask has made a version last; 0 if none has. Unit: ms since the epoch. */
  readonly movedAt: number;
  /** What went wrong with some subtasks; the others were looked at all the same. */
  readonly failures: readonly unknown[];
}

/** Why a subtask with this head is to be invoked, if at all. Pure. */
export function wakeUp(
  head: LogItem | undefined,
  { now, source }: { readonly now: number; readonly source: boolean },
): SubtaskRequest | undefined {
  // A source without a shard has nothing that would invoke it, and the others wait for its watermark.
  if (head === undefined) return source ? { kind: 'tick' } : undefined;
  if (head.kind === 'seal') return undefined;
  if (head.inboxPending) return { kind: 'genesis' };
  const unsent = head.sentThrough < head.version && now - head.processingTime > LIMITS.unsentAgeMs;
  const due = head.due !== undefined && head.due <= now;
  return unsent || due ? { kind: 'tick' } : undefined;
}

/** The status that a run has come to, from the heads of all its subtasks. Pure. */
export function statusFrom(
  run: Pick<RunState, 'status' | 'genesisWritten'>,
  heads: readonly (LogItem | undefined)[],
): RunStatus {
  if (run.status !== 'RUNNING' && run.status !== 'CREATED') return run.status;
  if (!run.genesisWritten) return run.status;
  if (heads.length > 0 && heads.every((head) => head?.seal === 'finished')) return 'FINISHED';
  return heads.some((head) => head?.inboxPending === true) ? run.status : 'RUNNING';
}

/** One sweep of one run. `known`: what sweeps of this process have seen. */
export async function sweepRun(
  ports: CoordinatorPorts,
  key: RunKey,
  known = new KnownHeads(ports.log),
): Promise<SweepReport> {
  const { value: run } = await runOf(ports, key);
  const live = (run.status === 'RUNNING' || run.status === 'CREATED') && run.genesisWritten;
  if (!live) return { status: run.status, invoked: 0, movedAt: 0, failures: [] };
  const sources = new Set(run.plan.vertices.flatMap(({ id, source }) => (source ? [id] : [])));
  const heads: (LogItem | undefined)[] = [];
  const failures: unknown[] = [];
  let invoked = 0;
  for (const subtask of subtasksOf(run.plan, run.id)) {
    try {
      const item = await known.find(subtask);
      heads.push(item);
      if (await wake(ports, subtask, { head: item, source: sources.has(subtask.vertex) })) invoked++;
    } catch (error) {
      failures.push(error);
    }
  }
  const movedAt = Math.max(0, ...heads.map((head) => head?.processingTime ?? 0));
  if (failures.length > 0) return { status: run.status, invoked, movedAt, failures };
  const to = statusFrom(run, heads);
  const status = to === run.status ? to : await changeStatus(ports, key, { from: [run.status], to });
  return { status, invoked, movedAt, failures };
}

async function wake(
  ports: CoordinatorPorts,
  subtask: SubtaskId,
  { head, source }: { readonly head: LogItem | undefined; readonly source: boolean },
): Promise<boolean> {
  const request = wakeUp(head, { now: ports.clock.now(), source });
  if (request === undefined || (request.kind === 'genesis' && !ports.rules.sweepsInboxes())) return false;
  await ports.invoker.invoke(subtask, request);
  return true;
}
