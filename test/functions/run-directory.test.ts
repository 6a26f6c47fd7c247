import { expect, it } from 'vitest';
import { findCurrentRun, readCurrentRun } from '../../functions/run-directory.ts';
import { MemoryJobRecords } from '../../lib/adapters/memory/memory-job-records.ts';
import { JobTables, type RunState } from '../../lib/coordinator/job-tables.ts';
import { RetryableError } from '../../lib/core/errors.ts';

const RUN: RunState = {
  ...{ id: 'run-1', job: 'words', lineage: 1, status: 'RUNNING', code: 'code-1' },
  ...{ genesisWritten: true, logsDeleted: false },
  plan: { vertices: [], edges: [] },
  ...{ replaces: null, from: null, restoredFrom: null, changedAt: 0 },
};
const FUNCTION = { job: 'words', code: 'code-1' };

async function recordsOf(run: RunState): Promise<MemoryJobRecords> {
  const records = new MemoryJobRecords();
  const tables = new JobTables(records);
  await tables.createRun(run);
  await tables.createJob(run.job, { lineage: run.lineage, currentRun: run.id });
  return records;
}

it('finds no run of a job that never had one', async () => {
  const records = new MemoryJobRecords();
  expect(await findCurrentRun(records, 'words')).toBeUndefined();
  await expect(readCurrentRun(records, FUNCTION)).rejects.toBeInstanceOf(RetryableError);
});

it.each(['RUNNING', 'SEALED', 'FINISHED'] as const)(
  'serves a run that is %s: its logs say more',
  async (status) => {
    const run = { ...RUN, status };
    expect(await readCurrentRun(await recordsOf(run), FUNCTION)).toEqual(run);
  },
);

it.each([
  [{ code: 'code-2' }, /of other code/],
  [{ status: 'FAILED' }, /has failed/],
  [{ genesisWritten: false, status: 'CREATED' }, /not restored yet/],
] as const)('lets batches wait for a run with %o', async (fields, message) => {
  const reading = readCurrentRun(await recordsOf({ ...RUN, ...fields }), FUNCTION);
  await expect(reading).rejects.toBeInstanceOf(RetryableError);
  await expect(reading).rejects.toThrow(message);
});
