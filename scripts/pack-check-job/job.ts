/** The job that the pack check runs from an installed package: totals per item, written at end of input. */
import {
  defineJob,
  FileSink,
  FileSource,
  hours,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';

interface Order {
  readonly item: string;
  readonly pieces: number;
  readonly at: number;
}

export default defineJob('pack-check', (env) => {
  env
    .fromSource(
      FileSource.ndjson<Order>('orders.ndjson'),
      WatermarkStrategy.forMonotonousTimestamps({ timestamp: (order: Order) => order.at }),
      'orders',
    )
    .keyBy((order) => order.item)
    .window(TumblingEventTimeWindows.of(hours(1)))
    .aggregate(
      {
        createAccumulator: () => 0,
        add: (sum: number, order: Order) => sum + order.pieces,
        merge: (a: number, b: number) => a + b,
        getResult: (sum: number) => sum,
      },
      ({ key, value, out }) => out.collect({ item: key, total: value }),
    )
    .uid('totals')
    .sinkTo(FileSink.ndjson('totals'))
    .uid('totals-file');
});
