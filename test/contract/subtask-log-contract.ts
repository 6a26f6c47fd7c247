/** What every SubtaskLog keeps. The logs under test have RING_SIZE slots. */
import { expect } from 'vitest';
import type { LogItem } from '../../lib/core/log/log-item.ts';
import type { SubtaskLog } from '../../lib/ports/subtask-log.ts';
import { bytesOfCallers } from './caller-bytes.ts';
import { type ContractCase, type ContractOptions, describeContract, type Open } from './contract-cases.ts';
import { fill, logItem, RING_SIZE, subtask } from './log-samples.ts';
import { concurrentWritersCase, ringModelCase } from './subtask-log-properties.ts';

type Case = ContractCase<SubtaskLog>;

const id = subtask();

const appendCases: readonly Case[] = [
  {
    id: 'LOG-01',
    says: 'an item comes back with every field as it was written',
    run: async (log) => {
      const items: readonly LogItem[] = [
        logItem(1, { kind: 'genesis', inboxPending: true, due: 0, writer: 'ü/é "quoted" 日本' }),
        logItem(2, { processingTime: Number.MIN_SAFE_INTEGER, due: Number.MAX_SAFE_INTEGER, epoch: 7 }),
        logItem(3, { kind: 'epoch', epoch: 8, processingTime: 0.5 }),
        logItem(4, { payload: { kind: 'spilled', key: 'spill/a/4-w', length: 70_000, sha256: 'ab12' } }),
        logItem(5, { kind: 'seal', seal: 'savepoint', epoch: 9 }),
        logItem(6, { kind: 'seal', seal: 'finished' }),
      ];
      for (const item of items) expect(await log.append(id, item)).toEqual({ kind: 'accepted' });
      for (const item of items) expect(await log.readSlot(id, item.version)).toEqual(item);
      expect(await log.readFrom(id, 1, 100)).toEqual({ items, stop: 'head' });
    },
  },
  {
    id: 'LOG-02',
    says: 'bytes are kept exactly: none, every value, and part of a larger buffer',
    run: async (log) => {
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const samples = [new Uint8Array(0), all, all.subarray(100, 140)];
      for (const [index, bytes] of samples.entries()) {
        await log.append(id, logItem(index + 1, { payload: { kind: 'inline', bytes } }));
      }
      for (const [index, bytes] of samples.entries()) {
        const found = await log.readSlot(id, index + 1);
        expect(found?.payload).toEqual({ kind: 'inline', bytes: Uint8Array.from(bytes) });
      }
    },
  },
  {
    id: 'LOG-03',
    says: 'a payload of 1 MB is kept exactly',
    run: async (log) => {
      const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) % 251);
      await log.append(id, logItem(1, { payload: { kind: 'inline', bytes } }));
      const found = await log.readSlot(id, 1);
      const kept = found?.payload.kind === 'inline' ? found.payload.bytes : new Uint8Array(0);
      expect(Buffer.compare(kept, bytes)).toBe(0);
    },
  },
  {
    id: 'LOG-04',
    says: 'buffers are not shared with writers or readers',
    run: async (log) => {
      for (const [i, bytes] of bytesOfCallers().entries()) {
        const version = i + 1;
        await log.append(id, logItem(version, { payload: { kind: 'inline', bytes } }));
        bytes.fill(9);
        const [first, { items }] = [await log.readSlot(id, version), await log.readFrom(id, version, 1)];
        for (const item of [first, ...items]) {
          if (item?.payload.kind === 'inline') item.payload.bytes.fill(9);
        }
        const again = await log.readSlot(id, version);
        expect(again?.payload.kind === 'inline' && [...again.payload.bytes]).toEqual([1, 2, 3]);
      }
    },
  },
  {
    id: 'LOG-05',
    says: 'I1: a slot that is taken refuses, and the answer is what it holds',
    run: async (log) => {
      await fill(log, id, { to: 2 });
      const rival = logItem(2, { writer: 'rival', payload: { kind: 'inline', bytes: Uint8Array.of(99) } });
      expect(await log.append(id, rival)).toEqual({ kind: 'refused', found: logItem(2) });
      expect(await log.readSlot(id, 2)).toEqual(logItem(2));
    },
  },
  {
    id: 'LOG-06',
    says: 'a write that is repeated is refused and finds its own nonce',
    run: async (log) => {
      const item = logItem(1, { writer: 'attempt-7' });
      await log.append(id, item);
      const result = await log.append(id, item);
      expect(result).toEqual({ kind: 'refused', found: item });
    },
  },
  {
    id: 'LOG-07',
    says: 'subtasks, vertices and runs do not meet',
    run: async (log) => {
      const others = [
        subtask(1),
        subtask(0, 'run-2'),
        { ...id, vertex: 'other' },
        { run: 'run-1/count words', vertex: '0', subtask: 0 },
      ];
      await fill(log, id, { to: 1 });
      for (const other of others) {
        expect(await log.readSlot(other, 1)).toBeUndefined();
        await fill(log, other, { to: 1 });
      }
      expect(await log.readFrom(id, 1, 10)).toEqual({ items: [logItem(1)], stop: 'head' });
    },
  },
];

const ringCases: readonly Case[] = [
  {
    id: 'LOG-10',
    says: 'I2: after a lap a slot takes exactly the version that is one lap behind',
    run: async (log) => {
      expect(log.ringSize).toBe(RING_SIZE);
      await fill(log, id, { to: 3 * RING_SIZE + 1 });
      const head = 3 * RING_SIZE + 1;
      const stale = await log.append(id, logItem(head - RING_SIZE, { writer: 'stale' }));
      expect(stale).toEqual({ kind: 'refused', found: logItem(head) });
      const ahead = await log.append(id, logItem(head + RING_SIZE + 1, { writer: 'ahead' }));
      expect(ahead).toEqual({ kind: 'refused', found: logItem(head + 1 - RING_SIZE) });
      await fill(log, id, { from: head + 1, to: head + 2 });
    },
  },
  {
    id: 'LOG-11',
    says: 'I2: an empty slot takes only versions of the first lap',
    run: async (log) => {
      const later = await log.append(id, logItem(RING_SIZE + 1));
      expect(later).toEqual({ kind: 'refused', found: undefined });
      await fill(log, id, { to: RING_SIZE });
      await fill(log, id, { from: RING_SIZE + 1, to: RING_SIZE + 1 });
    },
  },
  {
    id: 'LOG-12',
    says: 'a slot of another lap is shown as what it holds',
    run: async (log) => {
      await fill(log, id, { to: RING_SIZE + 2 });
      expect(await log.readSlot(id, 1)).toEqual(logItem(RING_SIZE + 1));
      expect(await log.readSlot(id, RING_SIZE + 3)).toEqual(logItem(3));
      expect(await log.readSlot(subtask(5), 1)).toBeUndefined();
    },
  },
  {
    id: 'LOG-13',
    says: 'reading stops at the head, at the limit, or where it was overrun',
    run: async (log) => {
      expect(await log.readFrom(id, 1, 5)).toEqual({ items: [], stop: 'head' });
      await fill(log, id, { to: RING_SIZE + 2 });
      const head = RING_SIZE + 2;
      expect(await log.readFrom(id, head + 1, 5)).toEqual({ items: [], stop: 'head' });
      expect(await log.readFrom(id, head - 1, 5)).toEqual({
        items: [logItem(head - 1), logItem(head)],
        stop: 'head',
      });
      expect(await log.readFrom(id, 3, 2)).toEqual({ items: [logItem(3), logItem(4)], stop: 'limit' });
      expect(await log.readFrom(id, 2, 5)).toEqual({ items: [], stop: 'overrun' });
      const whole = await log.readFrom(id, 3, 100);
      expect(whole.items.map(({ version }) => version)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
      expect(whole.stop).toBe('head');
    },
  },
];

const baseCases: readonly Case[] = [
  {
    id: 'LOG-20',
    says: 'I3: the base moves forward only',
    run: async (log) => {
      expect(await log.readBase(id)).toBeUndefined();
      const base = { version: 5, manifest: 'base/5-w', archivedThrough: 3 };
      expect(await log.moveBase(id, base)).toBe(true);
      expect(await log.moveBase(id, { ...base, manifest: 'base/5-x' })).toBe(false);
      expect(await log.moveBase(id, { ...base, version: 4 })).toBe(false);
      expect(await log.readBase(id)).toEqual(base);
      const next = { version: 6, manifest: 'base/6-w', archivedThrough: 6 };
      expect(await log.moveBase(id, next)).toBe(true);
      expect(await log.readBase(id)).toEqual(next);
      expect(await log.readBase(subtask(1))).toBeUndefined();
    },
  },
  {
    id: 'LOG-21',
    says: 'I2: a base behind which items are archived changes no version and no writer',
    run: async (log) => {
      await fill(log, id, { to: 6 });
      await log.moveBase(id, { version: 4, manifest: 'base/4-w', archivedThrough: 4 });
      expect(await log.readFrom(id, 5, 10)).toEqual({ items: [logItem(5), logItem(6)], stop: 'head' });
      const result = await log.append(id, logItem(3, { writer: 'late' }));
      expect(result.kind).toBe('refused');
      const found = result.kind === 'refused' ? result.found : undefined;
      expect({ version: found?.version, writer: found?.writer }).toEqual({
        version: 3,
        writer: 'writer-of-3',
      });
      await fill(log, id, { from: 7, to: 2 * RING_SIZE });
    },
  },
  {
    id: 'LOG-22',
    says: 'items that the base has not archived stay readable',
    run: async (log) => {
      await fill(log, id, { to: 6 });
      await log.moveBase(id, { version: 5, manifest: 'base/5-w', archivedThrough: 2 });
      const { items, stop } = await log.readFrom(id, 3, 10);
      expect(items).toEqual([3, 4, 5, 6].map((version) => logItem(version)));
      expect(stop).toBe('head');
    },
  },
  {
    id: 'LOG-23',
    says: 'a log is removed with its base, and no other',
    run: async (log) => {
      const others = [subtask(1), subtask(0, 'run-10')];
      for (const each of [id, ...others]) {
        await fill(log, each, { to: 3 });
        await log.moveBase(each, { version: 2, manifest: 'base/2-w', archivedThrough: 0 });
      }
      await log.deleteLog(id);
      await log.deleteLog(id);
      expect(await log.readFrom(id, 1, 10)).toEqual({ items: [], stop: 'head' });
      expect(await log.readBase(id)).toBeUndefined();
      for (const other of others) {
        expect((await log.readFrom(other, 1, 10)).items).toHaveLength(3);
        expect((await log.readBase(other))?.version).toBe(2);
      }
    },
  },
];

/** The contract of SubtaskLog. `open` must give logs of RING_SIZE slots. */
export function describeSubtaskLog(
  name: string,
  open: Open<SubtaskLog>,
  options: ContractOptions = {},
): void {
  const cases = [...appendCases, ...ringCases, ...baseCases, concurrentWritersCase, ringModelCase];
  describeContract(`${name}: SubtaskLog`, cases, { ...options, open });
}
