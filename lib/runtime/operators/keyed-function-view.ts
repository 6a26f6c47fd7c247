import type { OnTimerContext, TimeDomain } from '../../core/functions/process-function.ts';
import type { Collector } from '../../core/functions/rich-function.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { EventTime } from '../event-time.ts';
import type { OperatorContext } from '../operator.ts';
import type { TimerTarget } from '../timers/internal-timer-service.ts';
import { KeyedFunctionContext } from './keyed-function-context.ts';
import { KeyedServices } from './keyed-services.ts';
import { OutputCollector } from './output-collector.ts';

/** A function that may want to be told of timers. */
interface TimerListener {
  onTimer?(timestamp: number, context: OnTimerContext<unknown>, out: Collector<unknown>): void;
}

/**
 * What the function of a keyed process operator sees: its context and collector, set to the record or timer
 * at hand. Results of an event-time timer carry its time, those of a processing-time timer no timestamp.
 */
export class KeyedFunctionView implements TimerTarget {
  readonly keyed: KeyedServices;
  readonly functionContext: KeyedFunctionContext;
  readonly out: OutputCollector;
  readonly #context: OperatorContext;
  readonly #listener: () => TimerListener;

  constructor(context: OperatorContext, eventTime: EventTime, listener: () => TimerListener) {
    this.#context = context;
    this.#listener = listener;
    this.keyed = new KeyedServices(context, eventTime, this);
    this.functionContext = new KeyedFunctionContext(context, this.keyed);
    this.out = new OutputCollector(context);
  }

  showRecord(key: unknown, timestamp: number): void {
    this.keyed.backend.setCurrentKey(key);
    this.functionContext.currentTimestamp = timestamp;
    this.out.timestamp = timestamp;
  }

  onEventTime(time: number): void {
    this.out.timestamp = time;
    this.#callTimer(time, 'event-time');
  }

  onProcessingTime(time: number): void {
    this.out.timestamp = NO_TIMESTAMP;
    this.#callTimer(time, 'processing-time');
  }

  #callTimer(time: number, domain: TimeDomain): void {
    this.#context.cursor.operator = this.#context;
    this.functionContext.currentTimestamp = time;
    this.functionContext.timeDomain = domain;
    this.#listener().onTimer?.(time, this.functionContext, this.out);
  }
}
