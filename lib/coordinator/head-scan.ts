import type { CoordinatorPorts } from './coordinator-ports.ts';
import { type RunPlan, subtaskName, subtasksOf } from './run-plan.ts';
import type { Counters } from './subtask-fold.ts';
import { readSubtask } from './subtask-reader.ts';

/** How far a subtask has come. */
export interface ScannedHead {
  readonly version: number;
  readonly consumed: Counters;
  readonly produced: Counters;
}

/**
 * A cut of a running job without a write: heads are read downstream first, so that what a receiver has
 * consumed was produced when its sender is read later (I11). By `vertex/subtask`.
 */
export async function scanHeads(
  ports: Pick<CoordinatorPorts, 'log' | 'objects' | 'rules'>,
  run: { readonly id: string; readonly plan: RunPlan },
): Promise<Readonly<Record<string, ScannedHead>>> {
  const heads: Record<string, ScannedHead> = {};
  for (const subtask of ports.rules.headScanOrder(subtasksOf(run.plan, run.id))) {
    const { fold } = await readSubtask(ports, subtask);
    const [consumed, produced] = [Object.fromEntries(fold.consumed), Object.fromEntries(fold.produced)];
    heads[subtaskName(subtask)] = { version: fold.version, consumed, produced };
  }
  return heads;
}
