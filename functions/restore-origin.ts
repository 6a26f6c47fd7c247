/**
 * Whether a deployed job may go back to a checkpoint. A mapping does not: what it has delivered from a stream
 * and the job has consumed never comes again.
 */
import { readCheckpoint } from '../lib/coordinator/checkpoint.ts';
import type { CoordinatorPorts } from '../lib/coordinator/coordinator-ports.ts';
import type { RunState } from '../lib/coordinator/job-tables.ts';
import { subtasksOf } from '../lib/coordinator/run-plan.ts';
import { readSubtask } from '../lib/coordinator/subtask-reader.ts';
import { UserError } from '../lib/core/errors.ts';

type Positions = ReadonlyMap<string, string>;

/**
 * Throws UserError CHECKPOINT_UNUSABLE if the job runs, or has consumed records of a stream since the
 * checkpoint. Objects are read again.
 */
export async function requireNothingConsumedSince(
  ports: CoordinatorPorts,
  from: string,
  current: RunState,
): Promise<void> {
  if (current.status === 'RUNNING' || current.status === 'CREATED') {
    throw new UserError(
      'CHECKPOINT_UNUSABLE',
      `Job ${current.job} runs, and reads on from where ${from} is. Stop it first, and then restore it.`,
    );
  }
  const before = await positionsOfCheckpoint(ports, from);
  for (const [shard, position] of await positionsOfRun(ports, current)) {
    if (before.get(shard) === position) continue;
    throw new UserError(
      'CHECKPOINT_UNUSABLE',
      `Since ${from} the job has consumed records of shard ${shard}, which no mapping delivers again: they ` +
        'would be lost. Restore it without a checkpoint, or deploy it under another construct id with a ' +
        'startPosition before them.',
    );
  }
}

async function positionsOfRun(ports: CoordinatorPorts, run: RunState): Promise<Positions> {
  if (!run.genesisWritten) {
    return run.restoredFrom === null ? new Map() : positionsOfCheckpoint(ports, run.restoredFrom);
  }
  const positions: (readonly [string, string])[] = [];
  for (const subtask of subtasksOf(run.plan, run.id)) {
    positions.push(...(await readSubtask(ports, subtask)).fold.positions);
  }
  return new Map(positions);
}

async function positionsOfCheckpoint(ports: CoordinatorPorts, name: string): Promise<Positions> {
  const { subtasks } = await readCheckpoint(ports, name);
  return new Map(Object.values(subtasks).flatMap(({ positions }) => Object.entries(positions)));
}
