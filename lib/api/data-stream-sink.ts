import type { OperatorDraft } from './graph-builder.ts';

/** A sink that ends a stream. Its settings may follow in any order. Source: Flink's DataStreamSink. */
export class DataStreamSink {
  readonly #draft: OperatorDraft;

  /** Made by `sinkTo` and `print`. */
  constructor(draft: OperatorDraft) {
    this.#draft = draft;
  }

  /** Shown in plans, metrics and messages. */
  name(name: string): this {
    this.#draft.name = name;
    return this;
  }

  /** Identity of the sink across versions of the job; unique within it. */
  uid(uid: string): this {
    this.#draft.uid = uid;
    return this;
  }

  /** Number of subtasks. Default: the job's. */
  setParallelism(parallelism: number): this {
    this.#draft.parallelism = parallelism;
    return this;
  }

  /** Upper bound of the parallelism, fixed for the life of the state. */
  setMaxParallelism(maxParallelism: number): this {
    this.#draft.maxParallelism = maxParallelism;
    return this;
  }

  /** Never chained with the operator before it. */
  disableChaining(): this {
    this.#draft.chaining = 'never';
    return this;
  }
}
