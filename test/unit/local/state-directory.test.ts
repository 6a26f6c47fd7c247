import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LIMITS } from '../../../lib/core/limits.ts';
import type { OperatorDelta } from '../../../lib/core/log/state-delta.ts';
import type { VertexLayout } from '../../../lib/graph/state-layout.ts';
import type { GraphStructure } from '../../../lib/graph/structure.ts';
import { type JobProgress, StateDirectory } from '../../../lib/local/state-directory.ts';
import type { SubtaskDeltas } from '../../../lib/local/subtask-deltas.ts';
import { StateImage } from '../../../lib/protocol/state-image.ts';

const STRUCTURE: GraphStructure = {
  jobName: 'counts',
  parallelism: 1,
  maxParallelism: null,
  chainingEnabled: true,
  onError: 'fail',
  stateBackend: 'heap',
  nodes: [],
};

function layout(parallelism: number, uid = 'counts', maxParallelism = 128): readonly VertexLayout[] {
  const operators = [{ id: uid, kind: 'keyedProcess', name: 'Process' }];
  return [{ id: uid, parallelism, maxParallelism, operators }];
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return join(path, 'state');
}

/** A count for each key. */
function puts(counts: Readonly<Record<string, unknown>>, uid = 'counts'): OperatorDelta {
  const changes = Object.entries(counts).map(
    ([key, value]) => ({ op: 'put', key, namespace: undefined, part: undefined, value }) as const,
  );
  const keyed = [{ name: 'count', kind: 'value', changes }] as const;
  return {
    operator: uid,
    keyed,
    timers: [],
    states: [],
    watermark: 7,
    keyGroupWatermarks: undefined,
  };
}

function of(...deltas: readonly (readonly OperatorDelta[])[]): readonly SubtaskDeltas[] {
  return deltas.map((own, subtask) => ({ vertex: 'counts', subtask, deltas: own, due: undefined }));
}

const PROGRESS: JobProgress = {
  committedAt: 1000,
  durationMs: 5,
  counters: [['counts', 'numRecordsIn', 3]],
  deadLetters: { path: '/dead', bytes: 0, count: 0 },
};

async function open(path: string): Promise<StateDirectory> {
  const state = await StateDirectory.open(path, 'counts');
  onTestFinished(() => state.close());
  return state;
}

/** Opens the directory and restores its state, folded, by subtask. */
async function restored(
  path: string,
  { vertices = layout(1), allowNonRestored = false, now = 1000 } = {},
): Promise<{ readonly state: StateDirectory; readonly images: Readonly<Record<string, unknown>> }> {
  const state = await open(path);
  const images = new Map<string, StateImage>();
  const options = { structure: STRUCTURE, layout: vertices, allowNonRestored, now };
  await state.restore(options, ({ vertex, subtask }, deltas) => {
    const name = `${vertex}/${subtask}`;
    const image = images.get(name) ?? new StateImage();
    images.set(name, image);
    for (const delta of deltas) image.apply(delta);
  });
  const counts = [...images].map(([name, image]) => [
    name,
    Object.fromEntries(
      image
        .deltas()
        .flatMap(({ keyed }) => keyed)
        .flatMap(({ changes }) => changes)
        .map((change) => [change.key, change.op === 'put' ? change.value : undefined]),
    ),
  ]);
  return { state, images: Object.fromEntries(counts) };
}

function commit(state: StateDirectory, subtasks: readonly SubtaskDeltas[], finished = false): void {
  state.commit({ scope: 'changes', subtasks, finished }, PROGRESS);
}

describe('a state directory', () => {
  it('I9: gives back the fold of what was committed, with progress and counters', async () => {
    const path = folder();
    const { state, images } = await restored(path);
    expect(images).toEqual({});
    commit(state, of([puts({ a: 1, b: 1 })]));
    commit(state, of([puts({ b: 2 })]));
    state.close();

    const again = await restored(path);

    expect(again.images).toEqual({ 'counts/0': { a: 1, b: 2 } });
    expect(again.state.progress).toMatchObject({ version: 2, finished: false, ...PROGRESS });
  });

  it('counts restarts as soon as they happen', async () => {
    const path = folder();
    const first = await restored(path);
    commit(first.state, of([puts({ a: 1 })]));
    first.state.close();
    for (const restarts of [1, 2]) {
      const { state } = await restored(path);
      state.recordRestart();
      expect(state.restarts).toBe(restarts);
      state.close();
    }

    const { state } = await restored(path);
    expect(state.progress?.restarts).toBe(2);
  });

  it('never lets the clock of a log go back', async () => {
    const path = folder();
    const { state } = await restored(path);
    commit(state, of([puts({ a: 1 })]));
    state.commit(
      { scope: 'changes', subtasks: of([]), finished: true },
      { ...PROGRESS, committedAt: PROGRESS.committedAt - 500 },
    );

    expect(state.progress).toMatchObject({ version: 2, finished: true });
  });

  it('asks for a base when the log outgrows it, and replaces the old one', async () => {
    const path = folder();
    const { state } = await restored(path);
    // Noise does not compress.
    const noise = () => new Uint8Array(Float64Array.from({ length: 40_000 }, Math.random).buffer);
    let last = noise();
    for (let round = 0; round < 3; round++) {
      while (!state.needsBase) {
        last = noise();
        commit(state, of([puts({ a: last, b: round })]));
      }
      const all = of([puts({ a: last, b: round })]);
      state.commit({ scope: 'all', subtasks: all, finished: false }, PROGRESS);
      expect(state.needsBase).toBe(false);
    }
    commit(state, of([puts({ c: 1 })]));
    state.close();

    const bytes = readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    expect(bytes).toBeLessThan(3 * (LIMITS.embeddedLogBytesMin + last.length));
    const { images } = await restored(path);
    expect(images).toEqual({ 'counts/0': { a: last, b: 2, c: 1 } });
  });

  it('I3: asks for a base before the ring of its logs comes round', async () => {
    const path = folder();
    const { state } = await restored(path);
    const versions = LIMITS.logRingSlots * 2 + 10;
    for (let version = 1; version <= versions; version++) {
      const deltas = of([puts({ a: version })]);
      state.commit(
        { scope: state.needsBase ? 'all' : 'changes', subtasks: deltas, finished: false },
        PROGRESS,
      );
    }
    state.close();

    const again = await restored(path);
    expect(again.images).toEqual({ 'counts/0': { a: versions } });
    expect(again.state.progress?.version).toBe(versions);
  });

  it('is removed on request, unless it is the state of another job', async () => {
    const path = folder();
    const { state } = await restored(path);
    commit(state, of([puts({ a: 1 })]));
    state.close();

    await expect(StateDirectory.discard(path, 'other', async () => {})).rejects.toMatchObject({
      code: 'STATE_DIR_FOREIGN',
    });
    const refuse = () => Promise.reject(new Error('no'));
    await expect(StateDirectory.discard(path, 'counts', refuse)).rejects.toThrow('no');
    expect((await open(path)).progress?.version).toBe(1);
  });

  it('is removed on request also when it is damaged, but not while it is used', async () => {
    const path = folder();
    const { state } = await restored(path);
    commit(state, of([puts({ a: 1 })]));
    await expect(StateDirectory.discard(path, 'counts', async () => {})).rejects.toMatchObject({
      code: 'STATE_DIR_LOCKED',
    });
    state.close();
    const database = join(path, 'state.db');
    const descriptor = openSync(database, 'r+');
    // Behind the header, in which the file says whose it is.
    writeSync(descriptor, Buffer.alloc(8000, 7), 0, 8000, 100);
    closeSync(descriptor);
    await expect(StateDirectory.open(path, 'counts')).rejects.toMatchObject({ code: 'STATE_CORRUPT' });

    await StateDirectory.discard(path, 'counts', async () => {});

    expect(existsSync(database)).toBe(false);
    expect((await open(path)).progress).toBeUndefined();
  });
});

describe('the state of a job that has changed', () => {
  const KEYS = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key-${i}`, i]));

  it('goes to the owners of the keys when the parallelism changes, there and back', async () => {
    const path = folder();
    const first = await restored(path);
    commit(first.state, of([puts(KEYS)]));
    first.state.close();

    const wide = await restored(path, { vertices: layout(2) });
    const halves = [wide.images['counts/0'], wide.images['counts/1']];
    expect(Object.assign({}, ...halves)).toEqual(KEYS);
    for (const half of halves) expect(Object.keys(half ?? {}).length).toBeGreaterThan(10);
    expect(wide.state.needsBase).toBe(true);
    const shares = halves.map((half) => [puts(half as Readonly<Record<string, number>>)]);
    wide.state.commit({ scope: 'all', subtasks: of(...shares), finished: false }, PROGRESS);
    await wide.state.forgetFormerRuns();
    expect(wide.state.progress).toMatchObject({ version: 1, restarts: 1 });
    wide.state.close();

    const narrow = await restored(path);
    expect(narrow.images).toEqual({ 'counts/0': KEYS });
  });

  it('stays as it was until the first commit of the new graph', async () => {
    const path = folder();
    const first = await restored(path);
    commit(first.state, of([puts(KEYS)]));
    first.state.close();
    (await restored(path, { vertices: layout(2) })).state.close();

    expect((await restored(path)).images).toEqual({ 'counts/0': KEYS });
  });

  it('is not dropped with an operator that is gone unless that is allowed', async () => {
    const path = folder();
    const first = await restored(path);
    commit(first.state, of([puts({ a: 1 })]));
    first.state.close();
    const other = layout(1, 'other');

    await expect(restored(path, { vertices: other })).rejects.toMatchObject({
      code: 'STATE_NOT_RESTORED',
      message: expect.stringContaining("'counts'"),
    });
  });

  it('is dropped if that is allowed', async () => {
    const path = folder();
    const first = await restored(path);
    commit(first.state, of([puts({ a: 1 })]));
    first.state.close();

    const { images } = await restored(path, { vertices: layout(1, 'other'), allowNonRestored: true });

    expect(images).toEqual({});
  });

  it('cannot be used with another number of key groups', async () => {
    const path = folder();
    const first = await restored(path);
    commit(first.state, of([puts({ a: 1 })]));
    first.state.close();

    await expect(restored(path, { vertices: layout(2, 'counts', 256) })).rejects.toMatchObject({
      code: 'STATE_INCOMPATIBLE',
      message: expect.stringContaining('128'),
    });
  });
});
