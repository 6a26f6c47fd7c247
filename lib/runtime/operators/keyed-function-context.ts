import type { OnTimerContext, TimeDomain } from '../../core/functions/process-function.ts';
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
} from '../../core/state.ts';
import type { OperatorContext } from '../operator.ts';
import type { KeyedServices } from './keyed-services.ts';
import { KeyedTimerService } from './keyed-timer-service.ts';
import { ProcessFunctionContext } from './process-function-context.ts';

/** The one context object of a keyed process operator, for records and timers. */
export class KeyedFunctionContext extends ProcessFunctionContext implements OnTimerContext<unknown> {
  /** Of the timer at hand. */
  timeDomain: TimeDomain = 'event-time';
  readonly #keyed: KeyedServices;
  readonly #store: KeyedStateStore;

  constructor(operator: OperatorContext, keyed: KeyedServices) {
    super(operator, new KeyedTimerService(keyed.timers));
    this.#keyed = keyed;
    this.#store = keyed.backend.store;
  }

  get currentKey(): unknown {
    return this.#keyed.backend.currentKey;
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
