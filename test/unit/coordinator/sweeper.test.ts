import { describe, expect, it } from 'vitest';
import { startJob } from '../../../lib/coordinator/restore.ts';
import { subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import { statusFrom, sweepRun, wakeUp } from '../../../lib/coordinator/sweeper.ts';
import { LIMITS } from '../../../lib/core/limits.ts';
import type { LogItem } from '../../../lib/core/log/log-item.ts';
import { commit, createWorld, JOB, planOf, produce, RUN, type World } from './pipeline-fixture.ts';

const KEY = { job: JOB, run: RUN };
const NOW = 1_000_000;

const HEAD: LogItem = {
  version: 5,
  writer: 'w',
  kind: 'data',
  epoch: 0,
  sentThrough: 5,
  processingTime: NOW,
  code: 'code',
  due: undefined,
  inboxPending: false,
  payload: { kind: 'inline', bytes: new Uint8Array() },
};

describe('wakeUp', () => {
  const old = NOW - LIMITS.unsentAgeMs - 1;

  it.each<[string, Partial<LogItem>, string | undefined]>([
    ['at rest', {}, undefined],
    ['unsent for long', { sentThrough: 4, processingTime: old }, 'tick'],
    ['unsent for a moment', { sentThrough: 4 }, undefined],
    ['due', { due: NOW }, 'tick'],
    ['due later', { due: NOW + 1 }, undefined],
    ['holding an inbox', { inboxPending: true, sentThrough: 4, processingTime: old }, 'genesis'],
    ['sealed', { kind: 'seal', seal: 'savepoint', inboxPending: true, due: 0, sentThrough: 1 }, undefined],
  ])('of a subtask that is %s', (_, fields, expected) => {
    expect(wakeUp({ ...HEAD, ...fields }, { now: NOW, source: false })?.kind).toBe(expected);
  });

  it('begins a source, and leaves another subtask without a log alone', () => {
    expect(wakeUp(undefined, { now: NOW, source: false })).toBeUndefined();
    expect(wakeUp(undefined, { now: NOW, source: true })).toEqual({ kind: 'tick' });
  });
});

describe('statusFrom', () => {
  const finished: LogItem = { ...HEAD, kind: 'seal', seal: 'finished' };
  const running = { status: 'RUNNING', genesisWritten: true } as const;

  it('is finished when every log is sealed as finished', () => {
    expect(statusFrom(running, [finished, finished])).toBe('FINISHED');
    expect(statusFrom(running, [finished, { ...HEAD, kind: 'seal', seal: 'savepoint' }])).toBe('RUNNING');
    expect(statusFrom(running, [finished, undefined])).toBe('RUNNING');
  });

  it('is running when the last inbox is empty', () => {
    const created = { status: 'CREATED', genesisWritten: true } as const;
    expect(statusFrom(created, [HEAD, { ...HEAD, inboxPending: true }])).toBe('CREATED');
    expect(statusFrom(created, [HEAD, HEAD])).toBe('RUNNING');
    expect(statusFrom({ ...created, genesisWritten: false }, [HEAD])).toBe('CREATED');
    expect(statusFrom({ ...created, status: 'SEALED' }, [finished])).toBe('SEALED');
  });
});

describe('sweepRun', () => {
  async function started(): Promise<World> {
    const world = createWorld();
    await startJob(world, { ...KEY, plan: planOf(2, 2), code: 'code' });
    return world;
  }

  it('wakes those that need it, and goes on when one cannot be reached', async () => {
    const world = await started();
    await produce(world, 0, { ids: [1, 2, 3] });
    await produce(world, 1, { ids: [1, 2, 3] });
    world.advance(LIMITS.unsentAgeMs + 1);
    world.onInvoke = async ({ subtask }) => {
      if (subtask === 0) throw new Error('out of reach');
    };
    const report = await sweepRun(world, KEY);
    expect(report).toMatchObject({ status: 'RUNNING', invoked: 1 });
    expect(report.failures).toHaveLength(1);
    expect(world.invocations.map(({ subtask }) => subtask.subtask)).toEqual([0, 1]);
  });

  it('notes that the run has finished, and then leaves it alone', async () => {
    const world = await started();
    for (const subtask of subtasksOf(planOf(2, 2), RUN)) {
      expect(await sweepRun(world, KEY)).toMatchObject({ status: 'RUNNING' });
      await commit(world, subtask, { payload: {}, item: { kind: 'seal', seal: 'finished' } });
    }
    expect(await sweepRun(world, KEY)).toMatchObject({ status: 'FINISHED' });
    expect(await sweepRun(world, KEY)).toMatchObject({ status: 'FINISHED', invoked: 0 });
  });
});
