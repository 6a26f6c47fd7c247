/** What becomes of a savepoint when the job that begins with it has changed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reading, type SensorJob, SensorRuns } from './sensor-job.ts';

const READINGS: readonly Reading[] = Array.from({ length: 400 }, (_, n) => ({
  sensor: `sensor-${(n * 7) % 5}`,
  // Some of each window come after some of the next one.
  time: n * 4 + ((n * 13) % 5) * 10,
  value: (n * 31) % 17,
}));
const CUT = 200;

interface Change {
  readonly what: string;
  readonly before?: SensorJob;
  readonly after: SensorJob;
  readonly allowNonRestoredState?: true;
}

/** Both parts together give what one run of the job gives. */
const GOES_ON: readonly Change[] = [
  { what: 'nothing changed', after: {} },
  { what: 'parallelism 1 to 3', after: { parallelism: 3 } },
  { what: 'parallelism 3 to 1', before: { parallelism: 3 }, after: { parallelism: 1 } },
  {
    what: 'parallelism up to the max parallelism',
    before: { parallelism: 2, maxParallelism: 8 },
    after: { parallelism: 8, maxParallelism: 8 },
  },
  {
    what: 'heap to table',
    before: { withoutWindows: true },
    after: { withoutWindows: true, stateBackend: 'table' },
  },
  {
    what: 'table to heap',
    before: { withoutWindows: true, stateBackend: 'table' },
    after: { withoutWindows: true },
  },
  {
    what: 'table to heap with another parallelism',
    before: { withoutWindows: true, stateBackend: 'table' },
    after: { withoutWindows: true, parallelism: 2 },
  },
  { what: 'no chaining any more', after: { chaining: false } },
  { what: 'chaining again', before: { chaining: false }, after: {} },
  { what: 'an operator without state added', after: { before: 'map' } },
  { what: 'an operator without state removed', before: { before: 'map' }, after: {} },
  { what: 'an operator with state added', after: { before: 'counter' } },
  {
    what: 'an operator with state removed, which is allowed',
    before: { before: 'counter' },
    after: {},
    allowNonRestoredState: true,
  },
  { what: 'another name: a fork', after: { name: 'fork' } },
];

/** Nothing runs, and nothing is touched. */
const REFUSED: readonly (Change & { readonly code: string; readonly message: string })[] = [
  {
    ...{ what: 'an operator with state removed', before: { before: 'counter' }, after: {} },
    ...{ code: 'STATE_NOT_RESTORED', message: "'counter'" },
  },
  {
    ...{ what: 'a uid changed', after: { sums: 'totals' } },
    ...{ code: 'STATE_NOT_RESTORED', message: "'sums'" },
  },
  {
    ...{ what: 'the uid of the source changed', after: { source: 'values' } },
    ...{ code: 'STATE_NOT_RESTORED', message: "'readings'" },
  },
  {
    ...{ what: 'another connector', after: { fromFile: true } },
    ...{ code: 'STATE_INCOMPATIBLE', message: "was a source of the connector 'data-generator'" },
  },
  {
    ...{ what: 'another max parallelism', after: { maxParallelism: 64 } },
    ...{ code: 'STATE_INCOMPATIBLE', message: 'max parallelism 128' },
  },
  {
    ...{ what: 'windows of another size', after: { windowMs: 70 } },
    ...{ code: 'STATE_INCOMPATIBLE', message: "operator 'windows'" },
  },
  {
    ...{ what: 'windows in another backend', after: { stateBackend: 'table' } },
    ...{ code: 'STATE_INCOMPATIBLE', message: "operator 'windows'" },
  },
  {
    ...{ what: 'a state of another kind', after: { sumsIn: 'list' } },
    ...{ code: 'STATE_INCOMPATIBLE', message: "'sum'" },
  },
];

describe('a savepoint restored', () => {
  it.each(GOES_ON)('with $what goes on', async ({ before = {}, after, allowNonRestoredState = false }) => {
    const runs = new SensorRuns(READINGS);
    const { rows, savepoint } = await runs.cut(before, CUT);
    const rest = await runs.run(after, { fromSavepoint: savepoint, allowNonRestoredState });
    const whole = await runs.uninterrupted(before);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(whole.length);
    expect([...rows, ...rest.rows].sort()).toEqual(whole);
  });

  it.each(REFUSED)('with $what is refused', async ({ before = {}, after, code, message }) => {
    const runs = new SensorRuns(READINGS);
    const { rows, savepoint } = await runs.cut(before, CUT);
    await expect(runs.run(after, { fromSavepoint: savepoint })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    const rest = await runs.run(before, { fromSavepoint: savepoint });
    expect([...rows, ...rest.rows].sort()).toEqual(await runs.uninterrupted(before));
  });

  it('twice, the second time from a savepoint of what the first one began, gives the whole', async () => {
    const runs = new SensorRuns(READINGS);
    const first = await runs.cut({ parallelism: 2 }, 100);
    const fromSavepoint = first.savepoint;
    const second = await runs.cut({ parallelism: 3 }, 100, { fromSavepoint });
    const third = await runs.run({}, { fromSavepoint: second.savepoint });
    const all = [...first.rows, ...second.rows, ...third.rows].sort();
    expect(all).toEqual(await runs.uninterrupted({}));
  });
});

const reading = fc.record({
  sensor: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  late: fc.nat(50),
  value: fc.integer({ min: -9, max: 9 }),
});
const drawnJob = fc.record({
  before: fc.integer({ min: 1, max: 4 }),
  after: fc.integer({ min: 1, max: 4 }),
  stateBackend: fc.constantFrom('heap', 'table'),
  windowMs: fc.integer({ min: 10, max: 300 }),
  /** Share of the records after which the job is cut. */
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('any job, cut anywhere', () => {
  it('gives with its savepoint, at any parallelism, what one run gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(reading, { minLength: 20, maxLength: 150 }),
        drawnJob,
        async (drawn, { before, after, share, ...job }) => {
          const readings = drawn.map(({ late, ...one }, n) => ({ ...one, time: n * 10 - late }));
          const runs = new SensorRuns(readings);
          const stopAfter = 1 + Math.floor(share * readings.length);
          const { rows, savepoint } = await runs.cut({ ...job, parallelism: before }, stopAfter);
          const rest = await runs.run({ ...job, parallelism: after }, { fromSavepoint: savepoint });
          expect([...rows, ...rest.rows].sort()).toEqual(await runs.uninterrupted(job));
        },
      ),
      { numRuns: 40 },
    );
  });
});
