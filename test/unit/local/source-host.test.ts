import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/adapters/system/system-clock.ts';
import { DataGeneratorSource } from '../../../lib/api/data-generator-source.ts';
import { WatermarkStrategy } from '../../../lib/api/watermark-strategy.ts';
import { FileSource } from '../../../lib/connectors/file/file-source.ts';
import type { Source } from '../../../lib/core/connector.ts';
import type { OperatorDelta } from '../../../lib/core/log/state-delta.ts';
import { SourceHost } from '../../../lib/local/source-host.ts';
import { StateImage } from '../../../lib/protocol/state-image.ts';
import { splitState } from '../../../lib/protocol/state-split.ts';
import type { Input } from '../../../lib/runtime/operator.ts';
import { SourceOperator } from '../../../lib/runtime/task/source-operator.ts';
import { operatorContext } from '../connectors/file/sink-context.ts';
import { temporaryFolder } from '../connectors/file/source-probe.ts';

const temporary = temporaryFolder();
afterAll(() => temporary.remove());

/** One attempt of a job that only reads. */
class ReadingJob {
  readonly values: unknown[] = [];
  readonly host: SourceHost;
  private readonly sources: SourceOperator[] = [];

  private constructor(host: SourceHost) {
    this.host = host;
  }

  static async start(
    source: Source<unknown>,
    parallelism: number,
    committed: Committed,
  ): Promise<ReadingJob> {
    const host = new SourceHost(await source.load(), { parallelism, clock: systemClock });
    const job = new ReadingJob(host);
    host.applyState(committed.enumerator.deltas().flatMap(({ states }) => states));
    await host.start();
    const deltas = committed.deltasFor(parallelism);
    for (let subtask = 0; subtask < parallelism; subtask++) {
      const reader = new SourceOperator(operatorContext('source', { subtask, parallelism }, job.output()), {
        nodeId: 0,
        runtime: host.runtime,
        watermarks: WatermarkStrategy.noWatermarks<unknown>(),
        deadLetters: { write: () => {} },
        requestSplit: () => host.requestSplit(subtask),
        guard: undefined,
      });
      for (const delta of deltas[subtask] ?? []) reader.applyState(delta);
      await reader.open();
      host.addReader(reader);
      job.sources.push(reader);
    }
    return job;
  }

  /** One batch of a reader; true if all readers have ended. */
  async batch(turn: number, maxRecords: number): Promise<boolean> {
    const source = this.sources[turn % this.sources.length]!;
    this.host.advance(systemClock.now());
    if (source.poll(maxRecords) === 'nothing-available') {
      this.host.advance(systemClock.now());
      await Promise.race([source.reader.isAvailable(), systemClock.sleep(1)]);
    }
    source.endBatch();
    return this.sources.every((reader) => reader.ended);
  }

  commit(committed: Committed): void {
    committed.values.push(...this.values.splice(0));
    committed.commit(
      this.sources.map((source) => source.collectState('changes')),
      this.host.collectState('changes'),
    );
  }

  async close(): Promise<void> {
    for (const source of this.sources) await source.close();
    await this.host.close();
  }

  private output(): Input {
    return {
      processElement: (value) => void this.values.push(value),
      processWatermark() {},
      processWatermarkStatus() {},
    };
  }
}

class Committed {
  readonly values: unknown[] = [];
  enumerator = new StateImage();
  private subtasks: StateImage[] = [];

  commit(sources: readonly OperatorDelta[], enumerator: OperatorDelta['states']): void {
    this.subtasks.length = sources.length;
    sources.forEach((delta, subtask) => {
      this.subtasks[subtask] = imageOf([...(this.subtasks[subtask]?.deltas() ?? []), delta]);
    });
    this.enumerator.apply({
      ...{ operator: 'enumerator', keyed: [], timers: [], states: enumerator },
      ...{ watermark: undefined, keyGroupWatermarks: undefined },
    });
  }

  deltasFor(parallelism: number): readonly (readonly OperatorDelta[])[] {
    if (this.subtasks.length === 0) return [];
    const deltas = splitState(this.subtasks, { maxParallelism: 128, newParallelism: parallelism });
    this.subtasks = deltas.map(imageOf);
    return structuredClone(deltas);
  }
}

function imageOf(deltas: readonly OperatorDelta[]): StateImage {
  const image = new StateImage();
  for (const delta of deltas) image.apply(delta);
  return image;
}

/** Reads in as many attempts as asked for, the last one to the end; answers what was committed. */
async function readInAttempts(
  source: Source<unknown>,
  attempts: readonly { readonly parallelism: number; readonly batches: readonly number[] }[],
): Promise<readonly unknown[]> {
  const committed = new Committed();
  for (const { parallelism, batches } of attempts) {
    const job = await ReadingJob.start(source, parallelism, committed);
    for (const [turn, size] of batches.entries()) {
      await job.batch(turn, 1 + (size % 7));
      // What was read since the last commit is lost with the attempt.
      if (size % 3 === 0) job.commit(committed);
    }
    await job.close();
  }
  const last = await ReadingJob.start(source, 2, committed);
  let turn = 0;
  while (!(await last.batch(turn++, 5)));
  last.commit(committed);
  await last.close();
  return committed.values.toSorted((a, b) => Number(a) - Number(b));
}

const ATTEMPTS = fc.array(
  fc.record({
    parallelism: fc.integer({ min: 1, max: 4 }),
    batches: fc.array(fc.nat(100), { maxLength: 25 }),
  }),
  { maxLength: 4 },
);

const NUMBERS = Array.from({ length: 120 }, (_, n) => n);

describe('I7: a source in a durable job', () => {
  it('reads every record of files once, whatever is lost and whatever its parallelism', async () => {
    const folder = join(temporary.path, 'numbers');
    mkdirSync(folder);
    for (let file = 0; file < 6; file++) {
      const lines = NUMBERS.slice(file * 20, file * 20 + 20).map((n) => `${n}\n`);
      writeFileSync(join(folder, `${file}.ndjson`), lines.join(''));
    }
    await fc.assert(
      fc.asyncProperty(ATTEMPTS, async (attempts) => {
        expect(await readInAttempts(FileSource.ndjson(folder), attempts)).toEqual(NUMBERS);
      }),
      { numRuns: 40 },
    );
  });

  it('makes every record of a generator once', async () => {
    const source = new DataGeneratorSource<unknown>((index) => index, { count: NUMBERS.length });
    await fc.assert(
      fc.asyncProperty(ATTEMPTS, async (attempts) => {
        expect(await readInAttempts(source, attempts)).toEqual(NUMBERS);
      }),
      { numRuns: 40 },
    );
  });

  it('does not read a watched file again, and writes down only what is new', async () => {
    const folder = join(temporary.path, 'watched');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.ndjson'), '1\n');
    const source = FileSource.ndjson<unknown>(folder, { mode: 'watch' });
    const committed = new Committed();
    const first = await ReadingJob.start(source, 1, committed);
    for (let turn = 0; turn < 4; turn++) await first.batch(turn, 10);
    first.commit(committed);
    expect(first.host.collectState('changes')).toEqual([]);
    await first.close();
    writeFileSync(join(folder, 'b.ndjson'), '2\n');
    const second = await ReadingJob.start(source, 1, committed);
    for (let turn = 0; turn < 4; turn++) await second.batch(turn, 10);
    const parts = second.host.collectState('all').flatMap(({ changes }) => changes);
    expect(parts).toHaveLength(3);
    second.commit(committed);
    await second.close();
    expect(committed.values).toEqual([1, 2]);
  });
});
