import type { KeyedCoProcessFunction } from '../../core/functions/process-function.ts';
import type { KeySelector, OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { KeyedFunctionView } from './keyed-function-view.ts';
import { TwoInputOperator } from './two-input-operator.ts';

type Fn = KeyedCoProcessFunction<unknown, unknown, unknown, unknown>;

/** KeyedCoProcessFunction: two inputs that share state and timers per key. */
export class KeyedCoProcessOperator extends TwoInputOperator<Fn> {
  readonly #keySelector1: KeySelector;
  readonly #keySelector2: KeySelector;
  readonly #view: KeyedFunctionView;

  constructor(spec: Extract<OperatorSpec, { kind: 'keyedCoProcess' }>, context: OperatorContext) {
    super(spec.fn, context);
    [this.#keySelector1, this.#keySelector2] = spec.keySelectors;
    this.#view = new KeyedFunctionView(context, this.eventTime, () => this.fn);
    this.keyed = this.#view.keyed;
  }

  protected processElement1(value: unknown, timestamp: number): void {
    const view = this.#view;
    this.context.cursor.operator = this.context;
    view.showRecord(this.#keySelector1(value), timestamp);
    this.fn.processElement1(value, view.functionContext, view.out);
  }

  protected processElement2(value: unknown, timestamp: number): void {
    const view = this.#view;
    this.context.cursor.operator = this.context;
    view.showRecord(this.#keySelector2(value), timestamp);
    this.fn.processElement2(value, view.functionContext, view.out);
  }
}
