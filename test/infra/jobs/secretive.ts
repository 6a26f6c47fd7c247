import { defineJob, FileSink, FileSource, WatermarkStrategy } from 'millrace';

// What user code finds when its module is loaded.
Object.assign(globalThis, { keyAtLoad: process.env.API_KEY });

export default defineJob('secretive', (env) => {
  env
    .fromSource(FileSource.ndjson('in.ndjson'), WatermarkStrategy.noWatermarks(), 'in')
    .sinkTo(FileSink.ndjson('out'))
    .uid('out');
});
