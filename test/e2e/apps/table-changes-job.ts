/** Tells each change of a table, with the number of changes of its item until then. */
import { defineJob, FileSink, FileSource, WatermarkStrategy } from 'millrace';

interface Change {
  readonly eventName: string;
  readonly keys: { readonly id: string };
  readonly newImage?: { readonly amount: number };
}

export default defineJob('table-changes', (env) => {
  env
    .fromSource(FileSource.ndjson<Change>('data/changes.ndjson'), WatermarkStrategy.noWatermarks(), 'changes')
    .map(({ eventName, keys, newImage }) => ({
      id: keys.id,
      text: `${eventName} ${newImage?.amount ?? '-'}`,
      n: 1,
    }))
    .keyBy(({ id }) => id)
    .reduce((before, change) => ({ ...change, n: before.n + 1 }))
    .uid('numbers')
    .sinkTo(FileSink.ndjson('out/changes'))
    .name('numbered');
});
