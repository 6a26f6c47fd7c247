/** What a committer is told of committables over crashes, restarts and changes of the job. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnySinkRuntime, CommitRequest, Sink, SinkWriter } from '../../../lib/core/connector.ts';
import { DataGeneratorSource, defineJob, WatermarkStrategy } from '../../../lib/index.ts';

interface Batch {
  readonly values: readonly number[];
}

/** Two committables for each commit that has rows. Its target outlives every attempt. */
class KeptRequests implements Sink<number> {
  readonly connector = 'kept';
  readonly description = 'kept requests';
  readonly attempts: (readonly CommitRequest<unknown>[])[] = [];
  /** Of commits, by their number from 1, that fail before anything of them is visible. */
  readonly #failing: ReadonlySet<number>;
  readonly rows = new Map<string, Batch>();

  constructor(failing: readonly number[] = []) {
    this.#failing = new Set(failing);
  }

  get values(): readonly number[] {
    return [...this.rows.values()].flatMap(({ values }) => values).sort((a, b) => a - b);
  }

  async load(): Promise<AnySinkRuntime<number>> {
    return {
      createWriter: async () => new BatchWriter(),
      createCommitter: async () => ({
        commit: async (requests) => {
          this.attempts.push(requests);
          if (this.#failing.has(this.attempts.length)) throw new Error('the target is gone');
          for (const { id, committable } of requests) {
            // Committables of this sink are made by BatchWriter alone.
            if (!this.rows.has(id.text)) this.rows.set(id.text, committable as Batch);
          }
        },
      }),
    };
  }
}

class BatchWriter implements SinkWriter<number, Batch> {
  #values: number[] = [];

  write(value: number): void {
    this.#values.push(value);
  }

  pendingBytes(): number {
    return 0;
  }

  async flush(): Promise<void> {}

  async prepareCommit(): Promise<readonly Batch[]> {
    const values = this.#values.splice(0);
    const half = Math.ceil(values.length / 2);
    return [values.slice(0, half), values.slice(half)]
      .filter(({ length }) => length > 0)
      .map((part) => ({ values: part }));
  }

  async close(): Promise<void> {}
}

interface JobOptions {
  readonly sink: Sink<number>;
  readonly uid?: string;
  readonly parallelism?: number;
  readonly count?: number;
  readonly at?: (n: number) => void;
}

function jobOf({ sink, uid = 'out', parallelism = 1, count = 100, at }: JobOptions) {
  return defineJob('kept', (env) => {
    const generate = (n: number) => {
      at?.(n);
      return n;
    };
    env
      .setParallelism(parallelism)
      .fromSource(new DataGeneratorSource(generate, { count }), WatermarkStrategy.noWatermarks(), 'numbers')
      .setParallelism(1)
      .uid('numbers')
      .rebalance()
      .sinkTo(sink)
      .uid(uid);
  });
}

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-committables-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const stateDir = () => join(folder, 'state');
const NUMBERS = Array.from({ length: 100 }, (_, n) => n);

function run(options: JobOptions, more: { readonly fresh?: boolean; readonly allow?: boolean } = {}) {
  const { fresh = false, allow: allowNonRestoredState = false } = more;
  return jobOf(options).execute({ stateDir: stateDir(), fresh, allowNonRestoredState });
}

/** Stops the job when its source has made the record `n`. */
async function runUntil(n: number, options: JobOptions): Promise<void> {
  const stop = new AbortController();
  const at = (index: number) => {
    if (index === n) stop.abort();
  };
  await jobOf({ ...options, at }).execute({ stateDir: stateDir(), signal: stop.signal });
}

function ids(requests: readonly CommitRequest<unknown>[] | undefined) {
  return requests?.map(({ id }) => id);
}

/** As guards of upserts compare. */
function isLater(a: CommitRequest<unknown>, b: CommitRequest<unknown>): boolean {
  const order = a.id.lineage - b.id.lineage || a.id.version - b.id.version || a.id.index - b.id.index;
  return order > 0;
}

describe('I16: the id of a committable', () => {
  it('is the same in every attempt to commit it', async () => {
    const sink = new KeptRequests([1]);
    await expect(run({ sink })).rejects.toThrow('the target is gone');
    await run({ sink });

    expect(ids(sink.attempts[0])).toHaveLength(2);
    expect(sink.attempts[1]).toEqual(sink.attempts[0]);
    expect(sink.values).toEqual(NUMBERS);
  });

  it('says where it comes from, in an order', async () => {
    const sink = new KeptRequests();
    await run({ sink, parallelism: 2 });

    const [first, ...others] = sink.attempts.flat();
    expect(first?.id).toEqual({
      text: `${first?.id.lineage}/kept/out/0/1/0`,
      ...{ lineage: first?.id.lineage, subtask: 0, version: 1, index: 0 },
    });
    expect(others.map(({ id: { subtask, version, index } }) => [subtask, version, index])).toEqual([
      [0, 1, 1],
      [1, 1, 0],
      [1, 1, 1],
    ]);
    expect(new Set(sink.attempts.flat().map(({ id }) => id.lineage)).size).toBe(1);
  });

  it('is later in a later commit, in a run that continues another, and in one that starts over', async () => {
    const sink = new KeptRequests();
    await runUntil(30, { sink, count: 100_000 });
    await runUntil(4000, { sink, count: 100_000 });
    await runUntil(8000, { sink, count: 100_000, parallelism: 2 });
    await run({ sink, count: 10 }, { fresh: true });

    const ofFirst = sink.attempts.flat().filter(({ id }) => id.subtask === 0);
    const disordered = ofFirst.filter((request, i) => i > 0 && !isLater(request, ofFirst[i - 1]!));
    expect(disordered).toEqual([]);
    expect(new Set(ofFirst.map(({ id }) => id.lineage)).size).toBe(3);
    const texts = sink.attempts.flat().map(({ id }) => id.text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('stays when another subtask commits it after a change of the parallelism', async () => {
    const sink = new KeptRequests([1]);
    await expect(run({ sink, parallelism: 2 })).rejects.toThrow('the target is gone');
    await run({ sink, parallelism: 1 });

    expect(ids(sink.attempts[1])).toEqual(ids(sink.attempts[0]));
    expect(sink.values).toEqual(NUMBERS);
  });

  it('is there without a state directory too', async () => {
    const sink = new KeptRequests();
    await jobOf({ sink }).execute({});
    await jobOf({ sink }).execute({});
    expect(sink.attempts.flat().map(({ id }) => [id.version, id.index])).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
      [1, 1],
    ]);
    expect(sink.values).toHaveLength(200);
  });
});

describe('a sink that is gone while rows of it wait to be published', () => {
  it('is not dropped, whatever is allowed: its rows were committed', async () => {
    const sink = new KeptRequests([1]);
    await expect(run({ sink, uid: 'old' })).rejects.toThrow('the target is gone');

    await expect(run({ sink, uid: 'new' }, { allow: true })).rejects.toMatchObject({
      code: 'STATE_NOT_RESTORED',
      message: expect.stringMatching(/^Sink 'old' .* 2 /),
    });
    expect(sink.values).toEqual([]);

    await run({ sink, uid: 'old' });
    expect(sink.values).toEqual(NUMBERS);
  });

  it('is dropped once they are published', async () => {
    const [sink, other] = [new KeptRequests([1]), new KeptRequests()];
    const count = 20_000;
    await expect(runUntil(500, { sink, uid: 'old', count })).rejects.toThrow('the target is gone');
    await runUntil(5000, { sink, uid: 'old', count });
    await run({ sink: other, uid: 'new', count }, { allow: true });

    expect([sink.values.length > 500, other.values.length > 0]).toEqual([true, true]);
    expect([...sink.values, ...other.values].join()).toBe(Array.from({ length: count }, (_, n) => n).join());
  });
});
