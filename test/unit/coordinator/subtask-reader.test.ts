import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactSubtask } from '../../../lib/coordinator/compaction.ts';
import { isVoid, SubtaskFold, voidPayload } from '../../../lib/coordinator/subtask-fold.ts';
import { readSubtask } from '../../../lib/coordinator/subtask-reader.ts';
import { encodeEntry } from '../../../lib/core/codec/entry-codec.ts';
import type { EntryPayload } from '../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../lib/core/log/frame.ts';
import type { LogItem } from '../../../lib/core/log/log-item.ts';
import { spillName } from '../../../lib/core/log/paths.ts';
import { sha256Of } from '../../../lib/ports/stored-objects.ts';
import { commit, createWorld, RUN, seen } from './pipeline-fixture.ts';

const SUBTASK = { run: RUN, vertex: 'count', subtask: 0 };

const FRAME: Frame = {
  ...{ kind: 'frame', run: RUN, upstream: 'read/0', target: 'count/0', edge: 'e0', cseq: 2, version: 1 },
  ...{ epoch: 0, endOfInput: false, runs: [] },
};

const fragment: fc.Arbitrary<Partial<EntryPayload>> = fc.oneof(
  fc.nat(9).map((id) => ({ operators: [seen([id], new SubtaskFold())] })),
  fc.nat(99).map((position) => ({ positions: { shard: String(position) } })),
  fc.nat(9).map((cseq) => ({ consumed: { 'read/0': cseq }, produced: { 'x/0': cseq } })),
  fc.nat(9).map((cseq) => ({ outbox: [{ target: 'x/0', cseq, bytes: new Uint8Array([cseq]) }] })),
  fc.nat(3).map((i) => ({ intents: [{ operator: 'out', id: `i${i}`, committable: i }] })),
  fc.nat(3).map((i) => ({ performed: [`i${i}`] })),
  fc.nat(3).map((cseq) => ({ parked: { added: [{ ...FRAME, cseq }], removed: [] } })),
  fc.nat(3).map((cseq) => ({ parked: { added: [], removed: [{ upstream: 'read/0', cseq }] } })),
  fc.nat(9).map((watermark) => ({ watermarks: { 'read/0': { watermark, idle: false, ended: false } } })),
);

describe('readSubtask', () => {
  it('I9: equals the fold of the log wherever it was compacted', async () => {
    const step = fc.record({ payload: fragment, compact: fc.boolean() });
    const steps = fc.array(step, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const [plain, compacted] = [createWorld(), createWorld(8)];
        let inboxConsumed = 0;
        for (const [i, { payload: fragments, compact }] of history.entries()) {
          const consumes = i > 0 && compact && inboxConsumed < 3;
          const inbox = i === 0 ? { inbox: { objects: ['o'], frames: 3 } } : {};
          const progress = consumes ? { inboxConsumed: ++inboxConsumed } : {};
          const payload = { ...fragments, ...inbox, ...progress };
          await commit(plain, SUBTASK, { payload });
          await commit(compacted, SUBTASK, { payload });
          const { items } = await readSubtask(compacted, SUBTASK);
          if (compact || items.length > 5) await compactSubtask(compacted, SUBTASK);
        }
        const [a, b] = [await readSubtask(plain, SUBTASK), await readSubtask(compacted, SUBTASK)];
        const image = ({ fold }: typeof a) => {
          const { writer: _, ...rest } = { writer: '', ...fold.toBase([], []) };
          return { ...rest, inboxConsumed: 0, state: fold.state.deltas() };
        };
        expect(image(b)).toEqual(image(a));
        expect(b.fold.inboxPending).toBe(a.fold.inboxPending);
      }),
      { numRuns: 60 },
    );
  });

  it('reads payloads that were stored as objects, and names one that is not there', async () => {
    const world = createWorld();
    const key = spillName(SUBTASK, 1, 'n');
    const bytes = encodeEntry({ ...voidPayload(), positions: { shard: '5' } });
    const payload = { kind: 'spilled', key, length: bytes.length, sha256: sha256Of(bytes) } as const;
    await commit(world, SUBTASK, { payload: {}, item: { payload } });
    await expect(readSubtask(world, SUBTASK)).rejects.toThrow(key);
    await world.objects.put(key, bytes);
    expect((await readSubtask(world, SUBTASK)).fold.toRecords().positions).toEqual({ shard: '5' });
    await world.objects.delete([key]);
    await world.objects.put(key, new Uint8Array([7]));
    await expect(readSubtask(world, SUBTASK)).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });

  it('refuses a gap', () => {
    const fold = new SubtaskFold();
    const item = { version: 2 } as const;
    expect(() => fold.apply({ ...ITEM, ...item }, voidPayload())).toThrow(/Version 2 was read behind 0/);
  });
});

const ITEM: LogItem = {
  ...{ version: 1, writer: 'w', kind: 'data', epoch: 0, sentThrough: 0, processingTime: 0, code: 'c' },
  ...{ due: undefined, inboxPending: false, payload: { kind: 'inline', bytes: new Uint8Array() } },
};

describe('isVoid', () => {
  it('is true only of a payload that says nothing', () => {
    expect(isVoid(voidPayload())).toBe(true);
    expect(isVoid({ ...voidPayload(), inboxConsumed: 1 })).toBe(false);
    expect(isVoid({ ...voidPayload(), positions: { shard: '1' } })).toBe(false);
    expect(isVoid({ ...voidPayload(), performed: ['i'] })).toBe(false);
  });
});
