/**
 * Risk alerts: payments are checked against the spending limit of their account, and limits change while
 * the job runs.
 *
 * Both streams are keyed by account and share state: the limit in force and what was spent in the current
 * hour.
 */
import {
  type Collector,
  defineJob,
  FileSink,
  FileSource,
  hours,
  type KeyedCoProcessFunction,
  type KeyedProcessContext,
  type MapState,
  MapStateDescriptor,
  minutes,
  type OnTimerContext,
  OutputTag,
  type RuntimeContext,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from 'millrace';
import { z } from 'zod';

const HOUR = hours(1);
const Payment = z.object({
  id: z.string(),
  account: z.string(),
  amount: z.number().positive(),
  time: z.iso.datetime(),
});
const Limit = z.object({ account: z.string(), perHour: z.number().positive(), time: z.iso.datetime() });
type Payment = z.infer<typeof Payment>;
type Limit = z.infer<typeof Limit>;

interface Alert {
  readonly account: string;
  readonly payment: string;
  readonly spentThisHour: number;
  readonly limit: number;
}

/** What arrived for one instant of event time. */
interface Pending {
  readonly limits: readonly Limit[];
  readonly payments: readonly Payment[];
}

const unlimited = new OutputTag<Payment>('unlimited');

/**
 * Two streams meet in no particular order, so both wait in state until the watermark (the lower of the two)
 * says that everything up to their time is here. A limit applies to payments of its own time and after.
 */
class SpendingLimits implements KeyedCoProcessFunction<string, Payment, Limit, Alert> {
  #pending!: MapState<number, Pending>;
  #limit!: ValueState<number>;
  #spent!: ValueState<{ readonly hour: number; readonly sum: number }>;

  open(context: RuntimeContext): void {
    this.#pending = context.getMapState(new MapStateDescriptor<number, Pending>('pending'));
    this.#limit = context.getState(new ValueStateDescriptor<number>('limit'));
    this.#spent = context.getState(new ValueStateDescriptor<{ hour: number; sum: number }>('spent'));
  }

  processElement1(payment: Payment, { timerService }: KeyedProcessContext<string>): void {
    const time = Date.parse(payment.time);
    const { limits, payments } = this.#at(time);
    this.#pending.put(time, { limits, payments: [...payments, payment] });
    timerService.registerEventTimeTimer(time);
  }

  processElement2(limit: Limit, { timerService }: KeyedProcessContext<string>): void {
    const time = Date.parse(limit.time);
    const { limits, payments } = this.#at(time);
    this.#pending.put(time, { limits: [...limits, limit], payments });
    timerService.registerEventTimeTimer(time);
  }

  onTimer(time: number, context: OnTimerContext<string>, out: Collector<Alert>): void {
    const { limits, payments } = this.#at(time);
    this.#pending.remove(time);
    for (const limit of limits) this.#limit.update(limit.perHour);
    for (const payment of payments) this.#check(payment, context, out);
  }

  #at(time: number): Pending {
    return this.#pending.get(time) ?? { limits: [], payments: [] };
  }

  #check(payment: Payment, context: OnTimerContext<string>, out: Collector<Alert>): void {
    const time = Date.parse(payment.time);
    const hour = time - (time % HOUR);
    const before = this.#spent.value();
    const sum = (before?.hour === hour ? before.sum : 0) + payment.amount;
    this.#spent.update({ hour, sum });
    const limit = this.#limit.value();
    if (limit === undefined) context.output(unlimited, payment);
    else if (sum > limit)
      out.collect({ account: payment.account, payment: payment.id, spentThisHour: sum, limit });
  }
}

export default defineJob('risk-alerts', (env) => {
  const payments = env.fromSource(
    FileSource.ndjson(`${import.meta.dirname}/data/payments.ndjson`, { schema: Payment }),
    WatermarkStrategy.forBoundedOutOfOrderness(minutes(5), {
      timestamp: (payment) => Date.parse(payment.time),
    }),
    'payments',
  );
  const limits = env.fromSource(
    FileSource.ndjson(`${import.meta.dirname}/data/limits.ndjson`, { schema: Limit }),
    WatermarkStrategy.forMonotonousTimestamps({ timestamp: (limit) => Date.parse(limit.time) }),
    'limits',
  );
  const alerts = payments
    .connect(limits)
    .keyBy(
      (payment) => payment.account,
      (limit) => limit.account,
    )
    .process(new SpendingLimits())
    .uid('spending-limits');
  alerts.sinkTo(FileSink.ndjson('out/risk-alerts/alerts')).uid('alerts');
  alerts.getSideOutput(unlimited).sinkTo(FileSink.ndjson('out/risk-alerts/unlimited')).uid('unlimited');
});
