import type { MapFunction } from '../../core/functions/basic-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { OneInputOperator } from './one-input-operator.ts';

/** One record in, one record out. */
export class MapOperator extends OneInputOperator<MapFunction<unknown, unknown>> {
  constructor(spec: Extract<OperatorSpec, { kind: 'map' }>, context: OperatorContext) {
    super(spec.fn, context);
  }

  processElement(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.output.processElement(this.fn.map(value), timestamp);
  }
}
