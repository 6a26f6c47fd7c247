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

/** Two vertices: reading and counting. */
export default defineJob('counts', (env) => {
  env
    .fromSource(
      FileSource.ndjson<Click>('clicks.ndjson'),
      WatermarkStrategy.forMonotonousTimestamps<Click>({ timestamp: (click) => click.at }),
      'clicks',
    )
    .keyBy((click) => click.user)
    .window(TumblingEventTimeWindows.of(hours(1)))
    .reduce((a) => a)
    .uid('counts')
    .sinkTo(FileSink.ndjson('out/counts'))
    .uid('out');
});
