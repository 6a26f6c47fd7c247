import {
  defineJob,
  FileSink,
  FileSource,
  hours,
  OutputTag,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';

interface Click {
  readonly user: string;
  readonly at: number;
}

const LATE = new OutputTag<Click>('late');

/** Sinks behind all that may keep, lose or restore the order of the records of a user. */
export default defineJob('upserts', (env) => {
  const sinkOf = (name: string) => FileSink.ndjson<Click>(`out/${name}`);
  const clicks = env.fromSource(
    FileSource.ndjson<Click>('clicks.ndjson'),
    WatermarkStrategy.forMonotonousTimestamps<Click>({ timestamp: (click) => click.at }),
    'clicks',
  );
  clicks.sinkTo(sinkOf('direct')).uid('direct');

  const keyed = clicks.keyBy((click) => click.user);
  keyed.sinkTo(sinkOf('keyed')).uid('keyed');

  const counts = keyed
    .window(TumblingEventTimeWindows.of(hours(1)))
    .sideOutputLateData(LATE)
    .reduce((a) => a)
    .uid('counts');
  const counted = counts.map((click) => click);
  counted.sinkTo(sinkOf('counted')).uid('counted');
  counts.getSideOutput(LATE).sinkTo(sinkOf('late')).uid('late');

  counts.rebalance().sinkTo(sinkOf('spread')).uid('spread');
  clicks.sinkTo(sinkOf('narrowed')).uid('narrowed').setParallelism(1);

  counted.union(keyed).sinkTo(sinkOf('joined')).uid('joined');
  counted.union(clicks).sinkTo(sinkOf('halfKeyed')).uid('halfKeyed');
});
