import {
  type AggregatingState,
  AggregatingStateDescriptor,
  type KeyedStateStore,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type ReducingState,
  ReducingStateDescriptor,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/state.ts';

/**
 * A store whose states are kept under prefixed names, so that the states of triggers, window functions and
 * the window operator never meet. The handle of a descriptor object is looked up once.
 */
export class PrefixedStateStore implements KeyedStateStore {
  readonly #store: KeyedStateStore;
  readonly #prefix: string;
  readonly #handles = new WeakMap<object, unknown>();

  constructor(store: KeyedStateStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** The name under which the state of a descriptor is kept. */
  nameOf(descriptor: { readonly name: string }): string {
    return `${this.#prefix}${descriptor.name}`;
  }

  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#open(descriptor, (name) =>
      this.#store.getState(new ValueStateDescriptor<T>(name, descriptor.defaultValue)),
    );
  }

  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#open(descriptor, (name) => this.#store.getListState(new ListStateDescriptor<T>(name)));
  }

  getMapState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V> {
    return this.#open(descriptor, (name) => this.#store.getMapState(new MapStateDescriptor<K, V>(name)));
  }

  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#open(descriptor, (name) =>
      this.#store.getReducingState(new ReducingStateDescriptor<T>(name, descriptor.reduce)),
    );
  }

  getAggregatingState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT> {
    return this.#open(descriptor, (name) =>
      this.#store.getAggregatingState(
        new AggregatingStateDescriptor<IN, ACC, OUT>(name, descriptor.aggregate),
      ),
    );
  }

  #open<H>(descriptor: { readonly name: string }, open: (name: string) => H): H {
    const known = this.#handles.get(descriptor);
    // The handle of a descriptor was opened by the method for its kind, so it is of the asked type.
    if (known !== undefined) return known as H;
    const handle = open(this.nameOf(descriptor));
    this.#handles.set(descriptor, handle);
    return handle;
  }
}
