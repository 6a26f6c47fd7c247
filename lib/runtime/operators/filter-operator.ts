import type { FilterFunction } from '../../core/functions/basic-function.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { OneInputOperator } from './one-input-operator.ts';

/** Lets a record through or drops it. */
export class FilterOperator extends OneInputOperator<FilterFunction<unknown>> {
  constructor(spec: Extract<OperatorSpec, { kind: 'filter' }>, context: OperatorContext) {
    super(spec.fn, context);
  }

  processElement(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    if (this.fn.filter(value)) this.output.processElement(value, timestamp);
  }
}
