import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { FileSinkSpec, SinkFormat } from '../../../../lib/connectors/file/file-sink-spec.ts';
import { PART_NAME } from '../../../../lib/connectors/file/part-name.ts';
import { CommittedState, runAttempt, type SinkJob } from './durable-sink.ts';
import { POWER_CUTS, type PowerCut, PowerLost, RecordedFiles } from './recorded-files.ts';

interface Row {
  readonly n: number;
  readonly text: string;
}

const ROWS: readonly Row[] = Array.from({ length: 14 }, (_, n) => ({ n, text: `row ${n}, "é"` }));

const FORMATS: readonly SinkFormat[] = [
  { kind: 'ndjson' },
  { kind: 'csv', options: { columns: ['n', 'text'], header: true, delimiter: ',' } },
  {
    kind: 'parquet',
    rowGroupRows: 4,
    columns: [
      { name: 'n', type: 'INT32', nullable: false },
      { name: 'text', type: 'STRING', nullable: true },
    ],
  },
];

function jobOf(format: SinkFormat, spec: Partial<FileSinkSpec<Row>> = {}): SinkJob<Row> {
  // Parts roll by size every few rows, some of them across commits.
  const rolling = {
    maxPartBytes: format.kind === 'parquet' ? 900 : 80,
    rolloverIntervalMs: Number.POSITIVE_INFINITY,
  };
  const bucket = ({ n }: Row) => (n % 3 === 0 ? 'a/b' : '');
  return {
    spec: { folder: 'out', format, rolling, bucket, ...spec },
    records: ROWS,
    commitEvery: 3,
  };
}

/** Runs until the power goes or to the end; true at the end. */
async function attempt(job: SinkJob<Row>, committed: CommittedState, files: RecordedFiles): Promise<boolean> {
  try {
    await runAttempt(job, committed, { files, onCommit: () => files.note('commit') });
    return true;
  } catch (error) {
    if (error instanceof PowerLost || causedByPower(error)) return false;
    throw error;
  }
}

function causedByPower(error: unknown): boolean {
  return error instanceof Error && (error.cause instanceof PowerLost || causedByPower(error.cause));
}

/** All rows in visible parts; throws if one of them is torn. */
async function visibleRows(files: RecordedFiles): Promise<readonly Row[]> {
  const rows: Row[] = [];
  if (!files.exists('out')) return rows;
  for (const path of await files.list('out')) {
    const kind = PART_NAME.exec(path.slice(path.lastIndexOf('/') + 1))?.[3];
    if (kind !== undefined) rows.push(...(await rowsOf(files.read(path), kind)));
  }
  return rows.toSorted((a, b) => a.n - b.n);
}

async function rowsOf(data: Buffer, kind: string): Promise<readonly Row[]> {
  if (kind === 'parquet') {
    const file = {
      byteLength: data.length,
      slice: async (start: number, end = data.length) => new Uint8Array(data.subarray(start, end)).buffer,
    };
    const rows = (await parquetReadObjects({ file })).map(({ n, text }) => ({ n, text }));
    expect(parquetMetadata(await file.slice(0)).num_rows).toBe(BigInt(rows.length));
    return rows;
  }
  const text = data.toString();
  if (!text.endsWith('\n')) throw new Error(`torn: ${text}`);
  const lines = text.slice(0, -1).split('\n');
  if (kind === 'ndjson') return lines.map((line) => JSON.parse(line));
  if (lines.shift() !== 'n,text') throw new Error(`no header: ${text}`);
  return lines.map((line) => {
    const [, n, quoted] = /^(\d+),"(.*)"$/.exec(line)!;
    return { n: Number(n), text: quoted!.replaceAll('""', '"') };
  });
}

async function expectExactlyOnce(files: RecordedFiles): Promise<void> {
  expect(await visibleRows(files)).toEqual(ROWS);
  expect((await files.list('out')).filter((path) => path.includes('inprogress'))).toEqual([]);
}

describe('I16: a file sink in a durable job', () => {
  it('syncs a part and its name, commits, renames, syncs the folder, and only then forgets', async () => {
    const files = new RecordedFiles();
    const job = { ...jobOf({ kind: 'ndjson' }, { bucket: undefined }), records: ROWS.slice(0, 3) };
    await attempt(job, new CommittedState(), files);
    const hidden = 'out/.part-0-0.ndjson.inprogress';
    expect(files.operations).toEqual([
      'makeFolder out',
      'syncFolder .',
      `create ${hidden}`,
      `append ${hidden}`,
      `sync ${hidden}`,
      'syncFolder out',
      'commit',
      `rename ${hidden} out/part-0-0.ndjson`,
      'syncFolder out',
      'commit',
    ]);
  });

  it('syncs what a commit says of an open part before that commit', async () => {
    const files = new RecordedFiles();
    const job = jobOf({ kind: 'ndjson' }, { bucket: undefined, rolling: NEVER });
    await attempt({ ...job, stopAt: 6 }, new CommittedState(), files);
    const hidden = 'out/.part-0-0.ndjson.inprogress';
    const written = [`append ${hidden}`, `sync ${hidden}`];
    expect(files.operations.slice(2)).toEqual([
      ...[`create ${hidden}`, ...written, 'syncFolder out', 'commit', ...written, 'commit', 'commit'],
    ]);
  });

  for (const format of FORMATS) {
    it(`survives a power cut at any operation: ${format.kind}`, { timeout: 60_000 }, async () => {
      const job = jobOf(format);
      const whole = new RecordedFiles();
      expect(await attempt(job, new CommittedState(), whole)).toBe(true);
      await expectExactlyOnce(whole);
      for (let operations = 0; operations < whole.operations.length; operations++) {
        for (const cut of POWER_CUTS) {
          const committed = new CommittedState();
          const files = new RecordedFiles(operations);
          expect(await attempt(job, committed, files)).toBe(false);
          const found = files.afterPowerCut(cut);
          const before = await visibleRows(found);
          expect(new Set(before.map(({ n }) => n)).size).toBe(before.length);
          expect(await attempt(job, committed, found)).toBe(true);
          await expectExactlyOnce(found);
        }
      }
    });

    it(`survives kills and power cuts, also during recoveries: ${format.kind}`, {
      timeout: 60_000,
    }, async () => {
      const cuts = fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 40 }),
          fc.constantFrom<PowerCut | 'killed'>('killed', 'killed', ...POWER_CUTS),
        ),
        {
          minLength: 2,
          maxLength: 6,
        },
      );
      await fc.assert(
        fc.asyncProperty(cuts, fc.integer({ min: 1, max: 8 }), async (powerCuts, commitEvery) => {
          const job = { ...jobOf(format), commitEvery };
          const committed = new CommittedState();
          let files = new RecordedFiles();
          for (const [operations, cut] of powerCuts) {
            files = cut === 'killed' ? files.afterKill(operations) : files.afterPowerCut(cut, operations);
            await attempt(job, committed, files);
          }
          files = files.afterPowerCut({ bytes: 'kept', names: 'kept' });
          expect(await attempt(job, committed, files)).toBe(true);
          await expectExactlyOnce(files);
        }),
        { numRuns: 60 },
      );
    });

    it(`goes on with another parallelism: ${format.kind}`, { timeout: 60_000 }, async () => {
      const parallelisms = fc.array(
        fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 60 })),
        {
          minLength: 1,
          maxLength: 5,
        },
      );
      await fc.assert(
        fc.asyncProperty(parallelisms, async (attempts) => {
          const job = jobOf(format);
          const committed = new CommittedState();
          let files = new RecordedFiles();
          for (const [parallelism, operations] of [...attempts, [1, Number.POSITIVE_INFINITY] as const]) {
            files = files.afterKill(operations);
            await attempt({ ...job, parallelism }, committed, files);
          }
          await expectExactlyOnce(files);
        }),
        { numRuns: 100 },
      );
    });
  }
});

const NEVER = { maxPartBytes: 1e9, rolloverIntervalMs: Number.POSITIVE_INFINITY };
