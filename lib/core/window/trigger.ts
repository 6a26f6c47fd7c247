import type {
  AggregatingState,
  AggregatingStateDescriptor,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from '../state.ts';
import type { Window } from './window.ts';

/** What happens to a window after a trigger has looked at it. */
export type TriggerResult = 'CONTINUE' | 'FIRE' | 'PURGE' | 'FIRE_AND_PURGE';

/** Time, timers and state of the key and window that a trigger looks at. Unit: ms since the epoch. */
export interface TriggerContext {
  currentProcessingTime(): number;
  currentWatermark(): number;
  registerEventTimeTimer(time: number): void;
  registerProcessingTimeTimer(time: number): void;
  deleteEventTimeTimer(time: number): void;
  deleteProcessingTimeTimer(time: number): void;
  /** State of this key and window, for the trigger alone. */
  getPartitionedState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>;
  getPartitionedState<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  getPartitionedState<K, V>(descriptor: MapStateDescriptor<K, V>): MapState<K, V>;
  getPartitionedState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>;
  getPartitionedState<IN, ACC, OUT>(
    descriptor: AggregatingStateDescriptor<IN, ACC, OUT>,
  ): AggregatingState<IN, OUT>;
}

/** TriggerContext of a merge: the state of the merged windows can be merged into that of the result. */
export interface OnMergeContext extends TriggerContext {
  mergePartitionedState<T>(
    descriptor:
      | ReducingStateDescriptor<T>
      | ListStateDescriptor<T>
      | AggregatingStateDescriptor<never, never, T>,
  ): void;
}

/** Decides when a window fires. Setting one replaces the assigner's default. Source: Flink's Trigger. */
export interface Trigger<T, W extends Window> {
  /** For the plan, for example `CountTrigger(4)`. */
  readonly description: string;
  onElement(element: T, timestamp: number, window: W, context: TriggerContext): TriggerResult;
  onProcessingTime(time: number, window: W, context: TriggerContext): TriggerResult;
  onEventTime(time: number, window: W, context: TriggerContext): TriggerResult;
  /** False unless declared: a merging assigner refuses such a trigger. */
  canMerge?(): boolean;
  onMerge?(window: W, context: OnMergeContext): void;
  /** Removes the trigger's state and timers of this window. */
  clear(window: W, context: TriggerContext): void;
}
