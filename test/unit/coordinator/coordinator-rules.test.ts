/** Each rule is needed: with the rule taken out, something that is true otherwise is not. */
import { describe, expect, it } from 'vitest';
import {
  abortCheckpoint,
  appendEpoch,
  concludeCheckpoint,
  createCheckpoint,
  noteBases,
  readCheckpoint,
} from '../../../lib/coordinator/checkpoint.ts';
import { collectGarbage } from '../../../lib/coordinator/garbage-collection.ts';
import { JobTables } from '../../../lib/coordinator/job-tables.ts';
import { findHead } from '../../../lib/coordinator/log-head.ts';
import { type RestoreRequest, restoreJob, startJob } from '../../../lib/coordinator/restore.ts';
import { subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import {
  type CoordinatorRules,
  PRODUCTION_COORDINATOR_RULES,
} from '../../../lib/protocol/coordinator-rules.ts';
import { consumeInbox, createWorld, JOB, planOf, produce, RUN, type World } from './pipeline-fixture.ts';

const KEY = { job: JOB, run: RUN };
const SUBTASKS = subtasksOf(planOf(2, 2), RUN);

async function worldWith(rules: Partial<CoordinatorRules>): Promise<World> {
  const plain = createWorld();
  plain.onInvoke = (subtask) => consumeInbox(plain, subtask);
  await startJob(plain, { ...KEY, plan: planOf(2, 2), code: 'code' });
  for (const ids of [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ])
    await produce(plain, 0, { ids });
  return { ...plain, rules: { ...PRODUCTION_COORDINATOR_RULES, ...rules } };
}

async function checkpointed(
  world: World,
  execution: string,
): Promise<{ job: string; run: string; n: number }> {
  const { n } = await createCheckpoint(world, { ...KEY, execution, always: true });
  const key = { ...KEY, n: n! };
  await noteBases(world, key);
  for (const subtask of SUBTASKS) await appendEpoch(world, key, subtask);
  return key;
}

function restoreOf(run: string, from?: string): RestoreRequest {
  return { job: JOB, run, plan: planOf(2, 3), code: 'new', from, allowNonRestoredState: false };
}

describe('without the rule', () => {
  it('that a decision is made once, an aborted checkpoint becomes complete', async () => {
    const world = await worldWith({ mayDecideCheckpoint: () => true });
    const key = await checkpointed(world, 'a');
    const concluding = concludeCheckpoint(world, key);
    await abortCheckpoint(world, key);
    await concluding;
    expect((await new JobTables(world.records).checkpoint(RUN, 1))?.value.status).toBe('COMPLETE');
  });

  it('that the old run is sealed first, it goes on beside the new one', async () => {
    const world = await worldWith({ sealsBeforeGenesis: () => false });
    const outcome = await concludeCheckpoint(world, await checkpointed(world, 'a'));
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    await restoreJob(world, restoreOf('run-2', outcome.manifest));
    await produce(world, 0, { ids: [9] });
    expect((await findHead(world.log, SUBTASKS[0]!)).item?.kind).toBe('data');
  });

  it('that the lineage grows by one, both of two restores go on', async () => {
    const world = await worldWith({ mayClaimLineage: () => true });
    const both = await Promise.allSettled([
      restoreJob(world, restoreOf('run-a')),
      restoreJob(world, restoreOf('run-b')),
    ]);
    const lineages = both.map((result) => (result.status === 'fulfilled' ? result.value.lineage : 0));
    expect(lineages).toEqual([2, 2]);
  });

  it('that genesis is driven until every inbox is empty, records wait forever', async () => {
    const world = await worldWith({ drivesGenesis: () => false });
    await restoreJob(world, restoreOf('run-2'));
    const heads = await Promise.all(
      subtasksOf(planOf(2, 3), 'run-2').map((subtask) => findHead(world.log, subtask)),
    );
    expect(heads.some(({ item }) => item?.inboxPending)).toBe(true);
  });

  it('that only what is unreachable and old is garbage, a checkpoint cannot be read', async () => {
    const world = await worldWith({ isGarbage: () => true });
    const outcome = await concludeCheckpoint(world, await checkpointed(world, 'a'));
    if (outcome.kind !== 'complete') throw new Error(outcome.kind);
    await collectGarbage(world, { job: JOB });
    await expect(readCheckpoint(world, outcome.manifest)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });
});
