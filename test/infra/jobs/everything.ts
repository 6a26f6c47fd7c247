import {
  defineJob,
  FileSink,
  FileSource,
  hours,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';

interface Click {
  readonly user: string;
  readonly at: number;
}

/** Sources and sinks for each kind of binding at once, Parquet files among them, and state in a table. */
export default defineJob('everything', (env) => {
  env.setStateBackend('table');
  const watermarks = WatermarkStrategy.forMonotonousTimestamps<Click>({ timestamp: (click) => click.at });
  const sinkOf = (name: string) => FileSink.ndjson<Click>(`out/${name}`);
  const objects = env.fromSource(FileSource.parquet<Click>('clicks.parquet'), watermarks, 'objects');
  const stream = env.fromSource(FileSource.ndjson<Click>('clicks.ndjson'), watermarks, 'stream');
  const changes = env.fromSource(FileSource.ndjson<Click>('changes.ndjson'), watermarks, 'changes');
  const lines = env.fromSource(FileSource.csv<Click>('clicks.csv'), watermarks, 'lines');
  const counts = objects
    .union(stream)
    .union(changes)
    .union(lines)
    .keyBy((click) => click.user)
    .window(TumblingEventTimeWindows.of(hours(1)))
    .reduce((a) => a)
    .uid('counts');
  const columns = [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
  ] as const;
  counts.sinkTo(FileSink.parquet('out/parts', { columns })).uid('parts');
  counts.sinkTo(sinkOf('records')).uid('records');
  counts.sinkTo(sinkOf('messages')).uid('messages');
  counts.sinkTo(sinkOf('items')).uid('items');
});
