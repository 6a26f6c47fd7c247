import { UserError } from '../../core/errors.ts';
import type { AggregateFunction } from '../../core/functions/aggregate-function.ts';
import {
  type AggregatingState,
  AggregatingStateDescriptor,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type ReducingState,
  ReducingStateDescriptor,
  type StateKind,
  type ValueState,
  ValueStateDescriptor,
} from '../../core/state.ts';
import type { OnMergeContext } from '../../core/window/trigger.ts';
import type { Window } from '../../core/window/window.ts';
import type { KeyedStateBackend, MergeableStateDescriptor } from '../state/keyed-state-backend.ts';
import type { InternalTimerService } from '../timers/internal-timer-service.ts';
import { PrefixedStateStore } from './prefixed-state-store.ts';

/**
 * What a trigger sees; one object per operator, moved from window to window. The key is that of the backend.
 */
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

  /** How far the key has come, so that a window which fired before a restore counts as fired. */
  currentWatermark(): number {
    return this.#timers.watermarkOfKey();
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
  getPartitionedState(descriptor: { readonly name: string; readonly kind: StateKind }): unknown {
    this.#backend.setCurrentNamespace(this.window);
    if (descriptor instanceof ReducingStateDescriptor) return this.#store.getReducingState(descriptor);
    if (descriptor instanceof ValueStateDescriptor) return this.#store.getState(descriptor);
    if (descriptor instanceof ListStateDescriptor) return this.#store.getListState(descriptor);
    if (descriptor instanceof MapStateDescriptor) return this.#store.getMapState(descriptor);
    if (descriptor instanceof AggregatingStateDescriptor) return this.#store.getAggregatingState(descriptor);
    throw unknownDescriptor(descriptor);
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

  #renamed(descriptor: { readonly name: string; readonly kind: StateKind }): MergeableStateDescriptor {
    const name = this.#store.nameOf(descriptor);
    if (descriptor instanceof ListStateDescriptor) return new ListStateDescriptor<unknown>(name);
    if (descriptor instanceof ReducingStateDescriptor) {
      // What `reduce` returns goes back into the state whose values it was given.
      return new ReducingStateDescriptor<never>(name, (a, b) => descriptor.reduce(a, b) as never);
    }
    if (descriptor instanceof AggregatingStateDescriptor) {
      // The backend gives it only accumulators that it has made itself.
      const aggregate = descriptor.aggregate as AggregateFunction<never, never, unknown>;
      return new AggregatingStateDescriptor(name, aggregate);
    }
    throw unknownDescriptor(descriptor);
  }
}

function unknownDescriptor({ name, kind }: { readonly name: string; readonly kind: StateKind }): UserError {
  return new UserError(
    'TRIGGER_INVALID',
    `A trigger used state '${name}' of kind ${kind} in a way that this kind does not allow; pass a ` +
      'descriptor made by one of the descriptor classes, and merge only reducing, list and aggregating ' +
      'state.',
  );
}
