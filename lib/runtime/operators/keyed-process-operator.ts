import type { KeyedProcessFunction } from '../../core/functions/process-function.ts';
import type { KeySelector, OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { KeyedFunctionView } from './keyed-function-view.ts';
import { OneInputOperator } from './one-input-operator.ts';

/** KeyedProcessFunction: state and timers per key. */
export class KeyedProcessOperator extends OneInputOperator<KeyedProcessFunction<unknown, unknown, unknown>> {
  readonly #keySelector: KeySelector;
  readonly #view: KeyedFunctionView;

  constructor(spec: Extract<OperatorSpec, { kind: 'keyedProcess' }>, context: OperatorContext) {
    super(spec.fn, context);
    this.#keySelector = spec.keySelector;
    this.#view = new KeyedFunctionView(context, this.eventTime, () => this.fn);
    this.keyed = this.#view.keyed;
  }

  processElement(value: unknown, timestamp: number): void {
    const view = this.#view;
    this.context.cursor.operator = this.context;
    view.showRecord(this.#keySelector(value), timestamp);
    this.fn.processElement(value, view.functionContext, view.out);
  }
}
