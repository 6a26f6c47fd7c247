import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Collector,
  defineJob,
  FileSink,
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type RuntimeContext,
  type ValueState,
  ValueStateDescriptor,
} from '../../../lib/index.ts';
import { LocalJob } from '../../../lib/local/local-jobs.ts';
import { Savepoint, SavepointWriter } from '../../../lib/savepoint/index.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-savepoint-api-'));
let folders = 0;
const newFolder = () => join(root, `${++folders}`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const TOTAL = new ValueStateDescriptor<number>('total');
const SEEN = new ListStateDescriptor<number>('seen');
const BY_PARITY = new MapStateDescriptor<string, number>('by parity');

/** Keeps the sum, every number and the sums of odd and even ones of a key. */
class Sums implements KeyedProcessFunction<string, number, string> {
  #total!: ValueState<number>;
  #seen!: ListState<number>;
  #byParity!: MapState<string, number>;

  open(context: RuntimeContext): void {
    this.#total = context.getState(TOTAL);
    this.#seen = context.getListState(SEEN);
    this.#byParity = context.getMapState(BY_PARITY);
  }

  processElement(n: number, context: { readonly currentKey: string }, out: Collector<string>): void {
    const parity = n % 2 === 0 ? 'even' : 'odd';
    this.#total.update((this.#total.value() ?? 0) + n);
    this.#seen.add(n);
    this.#byParity.put(parity, (this.#byParity.get(parity) ?? 0) + n);
    out.collect(`${context.currentKey} ${this.#total.value()} ${this.#seen.get().length}`);
  }
}

interface Run {
  readonly numbers: readonly number[];
  readonly stateDir: string;
  readonly fromSavepoint?: string;
  readonly uid?: string;
  /** Of the source: another one reads its data from the start. */
  readonly source?: string;
  readonly parallelism?: number;
  readonly allowNonRestoredState?: boolean;
}

/** Rows that a run of the job writes, sorted. */
async function run({ numbers, uid = 'sums', source = 'numbers', parallelism = 1, ...options }: Run) {
  const rows: string[] = [];
  const job = defineJob('sums', (env) => {
    env
      .fromData(numbers)
      .uid(source)
      .keyBy((n) => `key-${n % 3}`)
      .process(new Sums())
      .uid(uid)
      .setParallelism(parallelism)
      .map((row) => {
        rows.push(row);
        return row;
      })
      .setParallelism(1)
      .sinkTo(FileSink.ndjson(join(options.stateDir, 'out')))
      .uid('out');
  });
  await job.execute(options);
  return rows.sort();
}

async function all<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

async function entries(savepoint: Savepoint, uid: string, state: string) {
  const found = await all(savepoint.readKeyedState<string>(uid, state));
  return Object.fromEntries(found.map(({ key, value }) => [key, value]));
}

describe('millrace/savepoint', () => {
  it('reads what a job has kept', async () => {
    const [stateDir, folder] = [newFolder(), newFolder()];
    await run({ numbers: [1, 2, 3, 4, 5, 6, 7], stateDir, parallelism: 2 });
    await new LocalJob(stateDir).savepoint(folder);
    const savepoint = await Savepoint.load(folder);
    expect(savepoint.states.map(({ name, kind, valueType }) => [name, kind, valueType])).toEqual([
      ['total', 'value', 'number'],
      ['seen', 'list', 'number'],
      ['by parity', 'map', 'number'],
    ]);
    expect(await entries(savepoint, 'sums', 'total')).toEqual({ 'key-0': 9, 'key-1': 12, 'key-2': 7 });
    expect(await entries(savepoint, 'sums', 'seen')).toMatchObject({ 'key-1': [1, 4, 7] });
    expect(await entries(savepoint, 'sums', 'by parity')).toMatchObject({
      'key-1': new Map([
        ['odd', 8],
        ['even', 4],
      ]),
    });
    await expect(entries(savepoint, 'sums', 'totals')).rejects.toThrow('it has the keyed states total, seen');
    await expect(entries(savepoint, 'sum', 'total')).rejects.toThrow("has no operator 'sum'");
    const parts = await all(savepoint.readOperatorState('numbers'));
    expect(parts.length).toBeGreaterThan(0);
  });

  it('writes a savepoint from data, with which a job begins', async () => {
    const folder = newFolder();
    await SavepointWriter.newSavepoint({ job: 'sums' })
      .withOperator('sums', [
        {
          descriptor: TOTAL,
          entries: [
            ['key-0', 1],
            ['key-0', 100],
            ['key-1', 200],
          ],
        },
        { descriptor: SEEN, entries: toAsync([['key-0', Array.from({ length: 150 }, (_, i) => i)]]) },
        { descriptor: BY_PARITY, entries: [['key-1', new Map([['odd', 1]])]] },
      ])
      .write(folder);
    for (const parallelism of [1, 3]) {
      const rows = await run({ numbers: [1, 3], stateDir: newFolder(), fromSavepoint: folder, parallelism });
      expect(rows).toEqual(['key-0 103 151', 'key-1 201 1']);
    }
  });

  it('gives state to another uid and leaves operators out', async () => {
    const [stateDir, folder, renamed] = [newFolder(), newFolder(), newFolder()];
    await run({ numbers: [1, 2, 3], stateDir });
    await new LocalJob(stateDir).savepoint(folder);
    await SavepointWriter.fromExistingSavepoint(await Savepoint.load(folder))
      .changeOperatorIdentifier('sums', 'other')
      .removeOperator('numbers')
      .write(renamed);
    const begin = { numbers: [4, 5], stateDir: newFolder(), fromSavepoint: renamed };
    await expect(run(begin)).rejects.toMatchObject({ code: 'STATE_NOT_RESTORED' });
    expect(await run({ ...begin, uid: 'other' })).toEqual(['key-1 5 2', 'key-2 7 2']);
    // What was copied stays as it was.
    expect((await Savepoint.load(folder)).operators.map(({ id }) => id)).toContain('sums');
  });

  it('refuses steps that make no sense, and writes nothing', async () => {
    const folder = newFolder();
    const writer = () => SavepointWriter.newSavepoint({ job: 'sums' }).withOperator('sums', []);
    await expect(writer().withOperator('sums', []).write(folder)).rejects.toThrow('there already');
    await expect(writer().removeOperator('sum').write(folder)).rejects.toThrow("no operator 'sum' but sums");
    await expect(writer().changeOperatorIdentifier('sums', 'sums').write(folder)).rejects.toThrow('already');
    expect(existsSync(folder)).toBe(false);
  });

  it('reads back what it has written, whatever the keys', async () => {
    const key = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.tuple(fc.string(), fc.integer()));
    const written = fc.uniqueArray(fc.tuple(key, fc.jsonValue()), {
      selector: ([one]) => JSON.stringify(one),
    });
    await fc.assert(
      fc.asyncProperty(written, async (pairs) => {
        const folder = newFolder();
        const states = [{ descriptor: new ValueStateDescriptor('any'), entries: pairs }];
        await SavepointWriter.newSavepoint({ job: 'any' }).withOperator('any', states).write(folder);
        const savepoint = await Savepoint.load(folder);
        if (pairs.length === 0) expect(savepoint.states).toEqual([]);
        else {
          const found = await all(savepoint.readKeyedState('any', 'any'));
          expect(found.map(({ key: one, value }) => [one, value])).toEqual(pairs);
        }
      }),
      { numRuns: 40 },
    );
  });
});

async function* toAsync<T>(values: readonly T[]) {
  yield* values;
}
