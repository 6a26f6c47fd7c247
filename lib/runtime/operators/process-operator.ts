import type { ProcessFunction } from '../../core/functions/process-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { OneInputOperator } from './one-input-operator.ts';
import { OutputCollector } from './output-collector.ts';
import { ProcessFunctionContext } from './process-function-context.ts';
import { UnkeyedTimerService } from './unkeyed-timer-service.ts';

/** ProcessFunction on a stream without a key. */
export class ProcessOperator extends OneInputOperator<ProcessFunction<unknown, unknown>> {
  readonly #out: OutputCollector;
  readonly #functionContext: ProcessFunctionContext;

  constructor(spec: Extract<OperatorSpec, { kind: 'process' }>, context: OperatorContext) {
    super(spec.fn, context);
    this.#out = new OutputCollector(context);
    this.#functionContext = new ProcessFunctionContext(context, new UnkeyedTimerService(context, this));
  }

  processElement(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.#out.timestamp = timestamp;
    this.#functionContext.currentTimestamp = timestamp;
    this.fn.processElement(value, this.#functionContext, this.#out);
  }
}
