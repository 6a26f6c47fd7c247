import type { CoMapFunction } from '../../core/functions/basic-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { TwoInputOperator } from './two-input-operator.ts';

/** A map on each of two inputs. */
export class CoMapOperator extends TwoInputOperator<CoMapFunction<unknown, unknown, unknown>> {
  constructor(spec: Extract<OperatorSpec, { kind: 'coMap' }>, context: OperatorContext) {
    super(spec.fn, context);
  }

  protected processElement1(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.output.processElement(this.fn.map1(value), timestamp);
  }

  protected processElement2(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.output.processElement(this.fn.map2(value), timestamp);
  }
}
