import { describe, expect, it } from 'vitest';
import { inFlightOf } from '../../../lib/coordinator/checkpoint-manifest.ts';
import { compactSubtask } from '../../../lib/coordinator/compaction.ts';
import { scanHeads } from '../../../lib/coordinator/head-scan.ts';
import { appendHeadless, epochItem, sealItem } from '../../../lib/coordinator/headless-append.ts';
import { findHead } from '../../../lib/coordinator/log-head.ts';
import { RetryableError } from '../../../lib/core/errors.ts';
import type { LogItem } from '../../../lib/core/log/log-item.ts';
import type { SubtaskLog } from '../../../lib/ports/subtask-log.ts';
import { commit, consume, createWorld, planOf, produce, RUN, type World } from './pipeline-fixture.ts';

const SOURCE = { run: RUN, vertex: 'read', subtask: 0 };

const HEAD: LogItem = {
  version: 5,
  writer: 'w',
  kind: 'data',
  epoch: 2,
  sentThrough: 4,
  processingTime: 77,
  code: 'code',
  due: 99,
  inboxPending: true,
  payload: { kind: 'inline', bytes: new Uint8Array([1]) },
};

describe('headless items', () => {
  const own = { writer: 'me', code: 'new' };

  it('I4, I10: take everything but kind and epoch from the head', () => {
    const { writer: _, kind: __, payload: ___, ...header } = HEAD;
    const copied = { ...header, version: 6, writer: 'me' };
    expect(epochItem(HEAD, { ...own, n: 3 })).toMatchObject({ ...copied, kind: 'epoch', epoch: 3 });
    expect(sealItem(HEAD, own)).toMatchObject({ ...copied, kind: 'seal', seal: 'savepoint' });
  });

  it('are not needed where the epoch is known or the log is sealed', () => {
    expect(epochItem(HEAD, { ...own, n: 2 })).toBeUndefined();
    const sealed: LogItem = { ...HEAD, kind: 'seal', seal: 'finished' };
    expect(epochItem(sealed, { ...own, n: 3 })).toBeUndefined();
    expect(sealItem(sealed, own)).toBeUndefined();
  });

  it('are version 1 of a log that has nothing else', () => {
    expect(epochItem(undefined, { ...own, n: 1 })).toMatchObject({ version: 1, code: 'new', sentThrough: 0 });
  });
});

describe('appendHeadless', () => {
  const appendEpoch = (world: World, log: SubtaskLog) =>
    appendHeadless({ ...world, log }, SOURCE, (head, writer) => epochItem(head, { writer, code: 'c', n: 1 }));

  function logWith(world: World, append: SubtaskLog['append']): SubtaskLog {
    return new Proxy(world.log, {
      get: (target, name) => {
        if (name === 'append') return append;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  it.each(['before', 'after'])(
    'appends one item though the answer was lost %s it took effect',
    async (when) => {
      const world = createWorld();
      let calls = 0;
      const log = logWith(world, async (subtask, item) => {
        const lost = ++calls === 1;
        const result = lost && when === 'before' ? undefined : await world.log.append(subtask, item);
        if (lost || result === undefined) throw new RetryableError('IO_FAILED', 'No answer.');
        return result;
      });
      expect(await appendEpoch(world, log)).toMatchObject({ version: 1, kind: 'epoch' });
      expect((await world.log.readFrom(SOURCE, 1, 9)).items).toHaveLength(1);
    },
  );

  it('gets behind a subtask that is faster, and gives up when it always is', async () => {
    const world = createWorld(1024);
    let races = 3;
    const log = logWith(world, async (subtask, item) => {
      if (races-- > 0) await commit(world, subtask, { payload: {} });
      return world.log.append(subtask, item);
    });
    expect(await appendEpoch(world, log)).toMatchObject({ version: 4 });
    races = Number.POSITIVE_INFINITY;
    const seal = appendHeadless({ ...world, log }, SOURCE, (head, writer) =>
      sealItem(head, { writer, code: 'c' }),
    );
    await expect(seal).rejects.toMatchObject({ code: 'IO_FAILED' });
  });

  it.each(['finished', 'savepoint'] as const)('I13: never moves a base onto a %s seal', async (seal) => {
    const world = createWorld(4);
    for (let i = 0; i < 3; i++) await commit(world, SOURCE, { payload: {} });
    await commit(world, SOURCE, { payload: {}, item: { kind: 'seal', seal } });
    await compactSubtask(world, SOURCE);
    expect(await world.log.readBase(SOURCE)).toBeUndefined();
    const refused = await appendHeadless(world, SOURCE, (head, writer) =>
      epochItem(head, { writer, code: 'c', n: 9 }),
    );
    expect(refused).toMatchObject({ version: 4, seal });
  });

  it('I3, I13: makes room while somebody else seals the subtask', async () => {
    const world = createWorld(4);
    for (let i = 0; i < 4; i++) await commit(world, SOURCE, { payload: {} });
    let sealed = false;
    const log = new Proxy(world.log, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'readFrom') return value.bind(target);
        return async (...asked: Parameters<SubtaskLog['readFrom']>) => {
          if (!sealed) {
            sealed = true;
            await appendHeadless(world, SOURCE, (head, writer) => sealItem(head, { writer, code: 'c' }));
          }
          return world.log.readFrom(...asked);
        };
      },
    });
    expect(await appendEpoch(world, log)).toMatchObject({ version: 5, seal: 'savepoint' });
    expect((await world.log.readBase(SOURCE))?.version).toBe(4);
    expect((await findHead(world.log, SOURCE)).item).toMatchObject({ version: 5, kind: 'seal' });
  });

  it('I3: does not overwrite what is not archived when compaction is taken out', async () => {
    const world = createWorld(4);
    for (let i = 0; i < 4; i++) await commit(world, SOURCE, { payload: {} });
    const rules = { ...world.rules, compactsFullRing: () => false };
    const append = appendHeadless({ ...world, rules }, SOURCE, (head, writer) =>
      sealItem(head, { writer, code: 'c' }),
    );
    await expect(append).rejects.toThrow(/ring of run-1\/read\/0 is full/);
    expect((await findHead(world.log, SOURCE)).item?.version).toBe(4);
  });
});

describe('scanHeads', () => {
  it('I11: is free of orphans however the job moves while it reads', async () => {
    const world = createWorld();
    const run = { id: RUN, plan: planOf(2, 2) };
    for (let i = 0; i < 3; i++)
      await produce(world, 0, { ids: [i * 10, i * 10 + 1, i * 10 + 2, i * 10 + 3] });
    const busy = movingAtEveryRead(world);
    expect(inFlightOf(await scanHeads(busy, run)).length).toBeGreaterThan(0);
    const upstreamFirst = { ...busy.rules, headScanOrder: <T>(names: readonly T[]) => names };
    const heads = await scanHeads({ ...movingAtEveryRead(world), rules: upstreamFirst }, run);
    expect(() => inFlightOf(heads)).toThrow(/I11/);
  });

  /** Whenever a base is looked for, source 0 sends more and everything is consumed. */
  function movingAtEveryRead(world: World): World {
    let moving = false;
    let next = 1000;
    const log = new Proxy(world.log, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return async (...args: readonly unknown[]) => {
          if (name === 'readBase' && !moving) {
            moving = true;
            for (const counter of [0, 1]) await consume(world, counter, { from: 0, frames: 99 });
            await produce(world, 0, { ids: Array.from({ length: 8 }, () => next++) });
            moving = false;
          }
          return value.apply(target, args);
        };
      },
    });
    return { ...world, log };
  }
});
