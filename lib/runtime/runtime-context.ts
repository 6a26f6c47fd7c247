import type { Counter, RuntimeContext } from '../core/functions/rich-function.ts';
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  KeyedStateStore,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from '../core/state.ts';
import type { OperatorContext } from './operator.ts';
import { UnkeyedStateStore } from './state/unkeyed-state-store.ts';

/** What a function's `open` gets. Without a `store` every request for state is refused. */
export class OperatorRuntimeContext implements RuntimeContext {
  readonly #context: OperatorContext;
  readonly #store: KeyedStateStore;

  constructor(context: OperatorContext, store: KeyedStateStore = new UnkeyedStateStore(context)) {
    this.#context = context;
    this.#store = store;
  }

  get jobName(): string {
    return this.#context.jobName;
  }

  get operatorName(): string {
    return this.#context.operatorName;
  }

  get operatorUid(): string | undefined {
    return this.#context.operatorUid;
  }

  get indexOfThisSubtask(): number {
    return this.#context.subtask;
  }

  get numberOfParallelSubtasks(): number {
    return this.#context.parallelism;
  }

  get maxNumberOfParallelSubtasks(): number {
    return this.#context.maxParallelism;
  }

  counter(name: string): Counter {
    return this.#context.counter(name);
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#store.getState(descriptor);
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#store.getListState(descriptor);
  }

  getMapState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V> {
    return this.#store.getMapState(descriptor);
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#store.getReducingState(descriptor);
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT> {
    return this.#store.getAggregatingState(descriptor);
  }
}
