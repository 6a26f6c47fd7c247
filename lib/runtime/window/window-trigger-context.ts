import { InvariantError } from '../../core/errors.ts';
import {
  type AggregatingState,
  AggregatingStateDescriptor,
  type ListState,
  ListStateDescriptor,
  type MapState,
  type MapStateDescriptor,
  type ReducingState,
  ReducingStateDescriptor,
  type StateDescriptor,
  type ValueState,
  type ValueStateDescriptor,
} from '../../core/state.ts';
import type { OnMergeContext } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedStateBackend, MergeableStateDescriptor } from '../state/keyed-state-backend.ts';
import type { InternalTimerService } from '../timers/internal-timer-service.ts';
import { PrefixedStateStore } from './prefixed-state-store.ts';

/** What a trigger sees; one object per operator, moved from window to window. The key is that of the backend. */
export class WindowTriggerContext implements OnMergeContext {
  /** The window that the trigger looks at. */
  window: Window;
  /** While windows merge: those that became `window`. */
  mergedWindows: readonly Window[] = [];
  readonly #backend: KeyedStateBackend;
  readonly #timers: InternalTimerService;
  readonly #store: PrefixedStateStore;

  constructor(window: Window, backend: KeyedStateBackend, timers: InternalTimerService) {
    this.window = window;
    this.#backend = backend;
    this.#timers = timers;
    this.#store = new PrefixedStateStore(backend.windowStore, 'trigger:');
  }

  currentProcessingTime(): number {
    return this.#timers.currentProcessingTime();
  }

  currentWatermark(): number {
    return this.#timers.currentWatermark();
  }

  registerEventTimeTimer(time: number): void {
    this.#timers.registerEventTimeTimer(this.window, time);
  }

  registerProcessingTimeTimer(time: number): void {
    this.#timers.registerProcessingTimeTimer(this.window, time);
  }

  deleteEventTimeTimer(time: number): void {
    this.#timers.deleteEventTimeTimer(this.window, time);
  }

  deleteProcessingTimeTimer(time: number): void {
    this.#timers.deleteProcessingTimeTimer(this.window, time);
  }

  getPartitionedState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>;
  getPartitionedState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  getPartitionedState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V>;
  getPartitionedState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>;
  getPartitionedState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT>;
  getPartitionedState(descriptor: StateDescriptor): unknown {
    this.#backend.setCurrentNamespace(this.window);
    switch (descriptor.kind) {
      case 'value':
        return this.#store.getState(descriptor);
      case 'list':
        return this.#store.getListState(descriptor);
      case 'map':
        return this.#store.getMapState(descriptor);
      case 'reducing':
        return this.#store.getReducingState(descriptor);
      case 'aggregating':
        return this.#store.getAggregatingState(descriptor);
    }
  }

  mergePartitionedState<T>(
    descriptor:
      | ReducingStateDescriptor<T>
      | ListStateDescriptor<T>
      | AggregatingStateDescriptor<never, never, T>,
  ): void {
    const renamed = this.#renamed(descriptor);
    this.#backend.mergeNamespaces(renamed, this.window, this.mergedWindows);
    this.#backend.setCurrentNamespace(this.window);
  }

  #renamed(descriptor: object): MergeableStateDescriptor {
    if (descriptor instanceof ReducingStateDescriptor) {
      return new ReducingStateDescriptor<never>(this.#store.nameOf(descriptor), descriptor.reduce);
    }
    if (descriptor instanceof ListStateDescriptor) {
      return new ListStateDescriptor<unknown>(this.#store.nameOf(descriptor));
    }
    if (descriptor instanceof AggregatingStateDescriptor) {
      return new AggregatingStateDescriptor<never, never, unknown>(
        this.#store.nameOf(descriptor),
        descriptor.aggregate,
      );
    }
    throw new InvariantError('INVARIANT', 'A trigger merged a state that is neither reducing, list nor aggregating.');
  }
}
