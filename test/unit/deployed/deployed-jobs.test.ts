import { describe, expect, it } from 'vitest';
import { chooseJob, jobsOfStacks } from '../../../lib/deployed/deployed-jobs.ts';

function outputsOf(construct: string, job: string): readonly (readonly [string, string])[] {
  const values = {
    JobName: job,
    CoordinatorName: `${job}-coordinator`,
    ...{ CheckpointArn: 'c', SavepointArn: 's', StopArn: 't', RestoreArn: 'r' },
  };
  return Object.entries(values).map(([id, value]) => [`${construct}${id}0A1B2C3D`, value] as const);
}

const STACKS = [
  { stack: 'Net', outputs: new Map([['VpcId', 'vpc-1']]) },
  {
    stack: 'Jobs',
    outputs: new Map([...outputsOf('Job', 'Jobs-Job'), ...outputsOf('JobToo', 'Jobs-JobToo')]),
  },
  // Looks like a job and has no machines.
  { stack: 'Other', outputs: new Map([['XJobName0A1B2C3D', 'x']]) },
];

describe('deployed jobs', () => {
  it('are found among the outputs of stacks, several in one', () => {
    const jobs = jobsOfStacks(STACKS);
    expect(jobs.map(({ job, stack }) => `${stack} ${job}`)).toEqual(['Jobs Jobs-Job', 'Jobs Jobs-JobToo']);
    expect(jobs[1]).toEqual({
      ...{ job: 'Jobs-JobToo', stack: 'Jobs', coordinator: 'Jobs-JobToo-coordinator' },
      ...{ deadLetterRetry: undefined },
      machines: { Checkpoint: 'c', Savepoint: 's', Stop: 't', Restore: 'r' },
    });
  });

  it('are named, unless there is only one', () => {
    const jobs = jobsOfStacks(STACKS);
    expect(chooseJob(jobs, 'Jobs-Job').job).toBe('Jobs-Job');
    expect(chooseJob(jobs.slice(0, 1), undefined).job).toBe('Jobs-Job');
    expect(() => chooseJob(jobs, undefined)).toThrow(/Which job\?.*Jobs-Job, Jobs-JobToo/);
    expect(() => chooseJob(jobs, 'No')).toThrow(/No job 'No' is deployed: there are Jobs-Job, Jobs-JobToo/);
    expect(() => chooseJob([], undefined)).toThrow(/there is none/);
  });
});
