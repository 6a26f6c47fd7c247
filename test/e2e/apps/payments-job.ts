/** Sums payments by account, and tells each to three sinks. */
import { defineJob, FileSink, FileSource, WatermarkStrategy } from 'millrace';

export interface Payment {
  readonly account: string;
  readonly amount: number;
}

/** What an account has paid until then. */
export interface Balance extends Payment {
  readonly payments: number;
}

export default defineJob('payments', (env) => {
  const balances = env
    .fromSource(
      FileSource.ndjson<Payment>('data/payments/*.ndjson', { mode: 'watch' }),
      WatermarkStrategy.noWatermarks(),
      'payments',
    )
    .map((payment): Balance => ({ ...payment, payments: 1 }))
    .keyBy(({ account }) => account)
    .reduce((before, { account, amount, payments }) => ({
      account,
      amount: before.amount + amount,
      payments: before.payments + payments,
    }))
    .uid('balances');
  balances.sinkTo(FileSink.ndjson('out/items')).uid('items');
  balances.sinkTo(FileSink.ndjson('out/records')).uid('records');
  balances.sinkTo(FileSink.ndjson('out/messages')).uid('messages');
});
