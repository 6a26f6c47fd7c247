/** Jobs with state for the command line, fast enough for a test and slow enough to be stopped. */

/** What differs between two versions of the job. */
export interface DurableJobOptions {
  /** Records, of which every seventh is a dead letter. */
  readonly records?: number;
  readonly perSecond?: number;
  /** Name of the job. */
  readonly name?: string;
  /** uid of the operator that counts. */
  readonly uid?: string;
  /** Sink of the counts. */
  readonly sink?: string;
  /** Settings of the job, as TypeScript. */
  readonly settings?: string;
  /** Called with each record of the source. */
  readonly body?: string;
}

/** A job module that counts records by key, writes every count, and keeps odd ones as dead letters. */
export function durableJob(options: DurableJobOptions = {}): string {
  const { records = 3000, perSecond = 1200, name = 'counts', uid = 'count' } = options;
  const { sink = "FileSink.ndjson('out/counts', { rollingPolicy: { maxPartBytes: 2000 } })" } = options;
  const { settings = '{}', body = '' } = options;
  return `import { DataGeneratorSource, defineJob, FileSink, WatermarkStrategy } from 'millrace';
let seen = 0;
const rate = { count: ${records}, recordsPerSecond: ${perSecond} };
const timestamps = WatermarkStrategy.forMonotonousTimestamps({ timestamp: (n: number) => n * 1000 });
export default defineJob('${name}', (env) => {
  env
    .fromSource(new DataGeneratorSource((n: number) => n, rate), timestamps, 'numbers')
    .setParallelism(1)
    .map((n: number) => {
      if (++seen === 300) console.error('under way');
      ${body}
      if (n % 7 === 0) throw new Error('a seventh');
      return { key: 'key-' + (n % 5), n };
    })
    .onError('dead-letter')
    // Ahead of keyBy only one subtask keeps the order.
    .setParallelism(1)
    .keyBy((row) => row.key)
    .reduce((a, b) => ({ key: a.key, n: a.n + b.n }))
    .uid('${uid}')
    .sinkTo(${sink})
    .uid('out');
}, ${settings});
`;
}

/** Rows that the job writes, in order of their keys and sums. */
export function countedRows(records = 3000): readonly string[] {
  const sums = new Map<string, number>();
  const rows: string[] = [];
  for (let n = 0; n < records; n++) {
    if (n % 7 === 0) continue;
    const key = `key-${n % 5}`;
    const sum = (sums.get(key) ?? 0) + n;
    sums.set(key, sum);
    rows.push(JSON.stringify({ key, n: sum }));
  }
  return rows.sort();
}

/** Dead letters of so many records. */
export function deadLetters(records = 3000): number {
  return Math.ceil(records / 7);
}
