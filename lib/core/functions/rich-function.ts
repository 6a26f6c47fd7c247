import type { KeyedStateStore } from '../state.ts';

/** A counter that ends up in the job's final metrics. */
export interface Counter {
  inc(n?: number): void;
  readonly count: number;
}

/** What a function may know about the subtask that runs it, and its door to keyed state. */
export interface RuntimeContext extends KeyedStateStore {
  readonly jobName: string;
  /** The operator's name as the plan shows it. */
  readonly operatorName: string;
  readonly operatorUid: string | undefined;
  /** 0-based. */
  readonly indexOfThisSubtask: number;
  readonly numberOfParallelSubtasks: number;
  readonly maxNumberOfParallelSubtasks: number;
  /** The counter of this name, made at the first call. */
  counter(name: string): Counter;
}

/** Life cycle that every function given as an object may have. One object serves one subtask. */
export interface RichFunction {
  /** Called once before the first record; open state handles here. A promise is awaited. */
  open?(context: RuntimeContext): void | Promise<void>;
  /** Called once after the last record, also after a failure. A promise is awaited. */
  close?(): void | Promise<void>;
}

/** Takes the results of a function. */
export interface Collector<T> {
  collect(value: T): void;
}
