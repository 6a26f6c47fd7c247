import { describe, expect, it } from 'vitest';
import { MemoryJobRecords } from '../../../../lib/adapters/memory/memory-job-records.ts';
import { failRun } from '../../../../lib/runtime/invocation/run-failure.ts';
import { ROUTER } from './invocation-world.ts';

const clock = { now: () => 7, sleep: async () => {} };

describe('a run whose user code fails', () => {
  it('is marked once, whoever comes first', async () => {
    const records = new MemoryJobRecords();
    await records.create('run/j/r', { id: 'r', status: 'RUNNING', changedAt: 1 });
    const options = { records, clock, key: 'run/j/r' };
    await Promise.all([
      failRun(options, ROUTER, new Error('one')),
      failRun(options, ROUTER, new Error('other')),
    ]);
    const record = await records.get('run/j/r');
    expect(record?.revision).toBe(2);
    expect(record?.value).toMatchObject({ id: 'r', status: 'FAILED', changedAt: 7 });
  });

  it('stays what it is if it does not run', async () => {
    const records = new MemoryJobRecords();
    await records.create('run/j/r', { id: 'r', status: 'SEALED' });
    await failRun({ records, clock, key: 'run/j/r' }, ROUTER, new Error('late'));
    await failRun({ records, clock, key: 'run/j/none' }, ROUTER, new Error('late'));
    expect((await records.get('run/j/r'))?.value).toEqual({ id: 'r', status: 'SEALED' });
  });
});
