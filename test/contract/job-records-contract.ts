/** What every JobRecords keeps. */
import { expect } from 'vitest';
import type { JobRecords } from '../../lib/ports/job-records.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';

/** More records than any store reads in one page. */
const MANY_RECORDS = 1200;

const cases: readonly ContractCase<JobRecords>[] = [
  {
    id: 'REC-01',
    says: 'a record comes back as it was created, at revision 1',
    run: async (records) => {
      const values = [{ a: [1, 'é', null, { b: true }] }, 'text', 0, false, null, [], 1e300];
      for (const [index, value] of values.entries()) {
        expect(await records.create(`k${index}`, value)).toBe(true);
        expect(await records.get(`k${index}`)).toEqual({ key: `k${index}`, revision: 1, value });
      }
      expect(await records.get('k')).toBeUndefined();
    },
  },
  {
    id: 'REC-02',
    says: 'a key is created once',
    run: async (records) => {
      const outcomes = await Promise.all([1, 2, 3].map((value) => records.create('k', value)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await records.get('k')).toEqual({ key: 'k', revision: 1, value: outcomes.indexOf(true) + 1 });
    },
  },
  {
    id: 'REC-03',
    says: 'A15: of updates at one revision one wins, and the revision rises by one',
    run: async (records) => {
      await records.create('k', 'pending');
      const outcomes = await Promise.all(['done', 'aborted'].map((value) => records.update('k', 1, value)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const value = outcomes[0] ? 'done' : 'aborted';
      expect(await records.get('k')).toEqual({ key: 'k', revision: 2, value });
    },
  },
  {
    id: 'REC-04',
    says: 'an update of another revision, or of nothing, is refused',
    run: async (records) => {
      expect(await records.update('k', 1, 'x')).toBe(false);
      expect(await records.update('k', 0, 'x')).toBe(false);
      expect(await records.get('k')).toBeUndefined();
      await records.create('k', 'a');
      expect(await records.update('k', 2, 'x')).toBe(false);
      expect(await records.update('k', 1, 'b')).toBe(true);
      expect(await records.update('k', 1, 'x')).toBe(false);
      expect(await records.get('k')).toEqual({ key: 'k', revision: 2, value: 'b' });
    },
  },
  {
    id: 'REC-05',
    says: 'values are not shared with writers or readers',
    run: async (records) => {
      const value = { list: [1] };
      await records.create('k', value);
      value.list.push(2);
      const read = await records.get('k');
      expect(read?.value).toEqual({ list: [1] });
    },
  },
  {
    id: 'REC-06',
    says: 'a prefix lists the records below it in order of their keys',
    run: async (records) => {
      for (const key of ['run/10', 'run/1', 'run/2', 'run', 'run0', 'Run/1', 'run/é', 'run/_%']) {
        await records.create(key, key);
      }
      await records.update('run/2', 1, 'changed');
      const listed = await records.list('run/');
      expect(listed.map(({ key }) => key)).toEqual(['run/1', 'run/10', 'run/2', 'run/_%', 'run/é']);
      expect(listed[2]).toEqual({ key: 'run/2', revision: 2, value: 'changed' });
      expect(await records.list('nothing')).toEqual([]);
      expect(await records.list('')).toHaveLength(8);
    },
  },
  {
    id: 'REC-07',
    says: 'more records than a page holds are listed completely and once',
    run: async (records) => {
      const expected = Array.from(
        { length: MANY_RECORDS },
        (_, index) => `r/${String(index).padStart(5, '0')}`,
      );
      await Promise.all(expected.map((key) => records.create(key, 1)));
      expect((await records.list('r/')).map(({ key }) => key)).toEqual(expected);
    },
  },
];

/** The contract of JobRecords. */
export function describeJobRecords(
  name: string,
  open: Open<JobRecords>,
  options: ContractOptions = {},
): void {
  describeContract(`${name}: JobRecords`, cases, { ...options, open });
}
