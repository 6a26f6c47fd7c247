import type { CoFlatMapFunction } from '../../core/functions/basic-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { OutputCollector } from './output-collector.ts';
import { TwoInputOperator } from './two-input-operator.ts';

/** A flatMap on each of two inputs. */
export class CoFlatMapOperator extends TwoInputOperator<CoFlatMapFunction<unknown, unknown, unknown>> {
  readonly #out: OutputCollector;

  constructor(spec: Extract<OperatorSpec, { kind: 'coFlatMap' }>, context: OperatorContext) {
    super(spec.fn, context);
    this.#out = new OutputCollector(context);
  }

  protected processElement1(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.#out.timestamp = timestamp;
    this.fn.flatMap1(value, this.#out);
  }

  protected processElement2(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.#out.timestamp = timestamp;
    this.fn.flatMap2(value, this.#out);
  }
}
