import type { ReduceFunction } from '../../core/functions/reduce-function.ts';
import { type ValueState, ValueStateDescriptor } from '../../core/state.ts';
import type { KeySelector, OperatorSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';
import { KeyedServices } from './keyed-services.ts';
import { OneInputOperator } from './one-input-operator.ts';

/** Rolling reduction per key: each record gives the reduction so far, with the record's timestamp. */
export class KeyedReduceOperator extends OneInputOperator<ReduceFunction<unknown>> {
  readonly #keySelector: KeySelector;
  readonly #services: KeyedServices;
  readonly #reduced: ValueState<unknown>;

  constructor(spec: Extract<OperatorSpec, { kind: 'keyedReduce' }>, context: OperatorContext) {
    super(spec.fn, context);
    this.#keySelector = spec.keySelector;
    // Nobody registers timers, so nobody is told of any.
    const target = { onEventTime: () => {}, onProcessingTime: () => {} };
    this.#services = new KeyedServices(context, this.eventTime, target);
    this.#reduced = this.#services.backend.store.getState(new ValueStateDescriptor('reduced'));
    this.keyed = this.#services;
  }

  processElement(value: unknown, timestamp: number): void {
    this.context.cursor.operator = this.context;
    this.#services.backend.setCurrentKey(this.#keySelector(value));
    const before = this.#reduced.value();
    const reduced = before === undefined ? value : this.fn.reduce(before, value);
    this.#reduced.update(reduced);
    this.output.processElement(reduced, timestamp);
  }
}
