import type { CoProcessFunction } from '../../core/functions/process-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { OutputCollector } from './output-collector.ts';
import { ProcessFunctionContext } from './process-function-context.ts';
import { TwoInputOperator } from './two-input-operator.ts';
import { UnkeyedTimerService } from './unkeyed-timer-service.ts';

/** CoProcessFunction on two streams without a key. */
export class CoProcessOperator extends TwoInputOperator<CoProcessFunction<unknown, unknown, unknown>> {
  readonly #out: OutputCollector;
  readonly #functionContext: ProcessFunctionContext;

  constructor(spec: Extract<OperatorSpec, { kind: 'coProcess' }>, context: OperatorContext) {
    super(spec.fn, context);
    this.#out = new OutputCollector(context);
    this.#functionContext = new ProcessFunctionContext(context, new UnkeyedTimerService(context, this));
  }

  protected processElement1(value: unknown, timestamp: number): void {
    this.#showRecord(timestamp);
    this.fn.processElement1(value, this.#functionContext, this.#out);
  }

  protected processElement2(value: unknown, timestamp: number): void {
    this.#showRecord(timestamp);
    this.fn.processElement2(value, this.#functionContext, this.#out);
  }

  #showRecord(timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.#out.timestamp = timestamp;
    this.#functionContext.currentTimestamp = timestamp;
  }
}
