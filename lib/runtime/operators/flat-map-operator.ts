import type { FlatMapFunction } from '../../core/functions/basic-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { OneInputOperator } from './one-input-operator.ts';
import { OutputCollector } from './output-collector.ts';

/** One record in, any number out, all with its timestamp. */
export class FlatMapOperator extends OneInputOperator<FlatMapFunction<unknown, unknown>> {
  readonly #out: OutputCollector;

  constructor(spec: Extract<OperatorSpec, { kind: 'flatMap' }>, context: OperatorContext) {
    super(spec.fn, context);
    this.#out = new OutputCollector(context);
  }

  processElement(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.#out.timestamp = timestamp;
    this.fn.flatMap(value, this.#out);
  }
}
