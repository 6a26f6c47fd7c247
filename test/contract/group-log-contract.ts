/** What every GroupLog keeps besides the contract of SubtaskLog. */
import { expect } from 'vitest';
import type { GroupLog } from '../../lib/ports/subtask-log.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';
import { fill, logItem, RING_SIZE, subtask } from './log-samples.ts';

const first = subtask(0);
const second = subtask(1);

const cases: readonly ContractCase<GroupLog>[] = [
  {
    id: 'GRP-01',
    says: 'all items of a group are appended',
    run: async (log) => {
      const group = [first, second].map((id) => ({ subtask: id, item: logItem(1) }));
      expect(await log.appendGroup(group)).toEqual({ kind: 'accepted' });
      for (const id of [first, second]) expect(await log.readSlot(id, 1)).toEqual(logItem(1));
    },
  },
  {
    id: 'GRP-02',
    says: 'I1: none is appended when one is refused, and the answer is what stood in its way',
    run: async (log) => {
      await fill(log, second, { to: RING_SIZE });
      await fill(log, first, { to: RING_SIZE + 2 });
      const result = await log.appendGroup([
        { subtask: subtask(2), item: logItem(1) },
        { subtask: first, item: logItem(RING_SIZE + 3) },
        { subtask: second, item: logItem(RING_SIZE, { writer: 'rival' }) },
      ]);
      expect(result).toEqual({ kind: 'refused', found: logItem(RING_SIZE) });
      expect(await log.readSlot(subtask(2), 1)).toBeUndefined();
      expect(await log.readSlot(first, RING_SIZE + 3)).toEqual(logItem(3));
    },
  },
  {
    id: 'GRP-03',
    says: 'a group may hold several versions of a subtask, and is undone as a whole',
    run: async (log) => {
      const group = [1, 2, 3].map((version) => ({ subtask: first, item: logItem(version) }));
      expect(await log.appendGroup(group)).toEqual({ kind: 'accepted' });
      const refused = [4, 5, 5].map((version, index) => ({
        subtask: first,
        item: logItem(version, { writer: `writer-${index}` }),
      }));
      expect(await log.appendGroup(refused)).toMatchObject({ kind: 'refused', found: { version: 5 } });
      expect((await log.readFrom(first, 1, 10)).items).toHaveLength(3);
    },
  },
  {
    id: 'GRP-04',
    says: 'an empty group is accepted',
    run: async (log) => {
      expect(await log.appendGroup([])).toEqual({ kind: 'accepted' });
    },
  },
  {
    id: 'GRP-05',
    says: 'a run that is over is removed with its bases, and no other',
    run: async (log) => {
      const other = subtask(0, 'run-10');
      for (const each of [first, second, other]) {
        await fill(log, each, { to: 3 });
        await log.moveBase(each, { version: 2, manifest: 'base/2-w', archivedThrough: 0 });
      }
      await log.deleteRun('run-1');
      await log.deleteRun('run-1');
      for (const gone of [first, second]) {
        expect(await log.readFrom(gone, 1, 10)).toEqual({ items: [], stop: 'head' });
        expect(await log.readBase(gone)).toBeUndefined();
      }
      expect((await log.readFrom(other, 1, 10)).items).toHaveLength(3);
    },
  },
];

/** The contract of GroupLog; `open` must give logs of RING_SIZE slots. */
export function describeGroupLog(name: string, open: Open<GroupLog>, options: ContractOptions = {}): void {
  describeContract(`${name}: GroupLog`, cases, { ...options, open });
}
