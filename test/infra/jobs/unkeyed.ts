import { defineJob, FileSink, FileSource, WatermarkStrategy } from 'millrace';

interface Click {
  readonly user: string;
}

/** One vertex that reads and writes. */
export default defineJob('unkeyed', (env) => {
  env
    .fromSource(FileSource.ndjson<Click>('clicks.ndjson'), WatermarkStrategy.noWatermarks(), 'clicks')
    .map(({ user }) => ({ id: user }))
    .sinkTo(FileSink.ndjson('out/users'))
    .name('out');
});
