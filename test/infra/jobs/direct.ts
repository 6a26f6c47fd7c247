import { parse } from 'csv-parse/sync';
import { defineJob, FileSink, FileSource, WatermarkStrategy } from 'millrace';

/** A function of the user needs a package that no source or sink of the job brings. */
export default defineJob('direct', (env) => {
  env
    .fromSource(FileSource.ndjson<string>('in.ndjson'), WatermarkStrategy.noWatermarks(), 'in')
    .map((line) => parse(line).length)
    .sinkTo(FileSink.ndjson('out'))
    .uid('out');
});
