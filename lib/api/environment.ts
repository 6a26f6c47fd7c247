import type { Source } from '../core/connector.ts';
import { UserError } from '../core/errors.ts';
import type { WatermarkStrategySpec } from '../core/watermark.ts';
import type { JobResult } from '../graph/job-execution.ts';
import type { ErrorPolicy } from '../graph/operator-spec.ts';
import { STATE_BACKENDS, type StateBackend, type StreamGraph } from '../graph/stream-graph.ts';
import { DataGeneratorSource } from './data-generator-source.ts';
import { type DataStream, SingleOutputStreamOperator } from './data-stream.ts';
import { GraphBuilder } from './graph-builder.ts';
import { type RunOptions, runJob } from './job-runner.ts';
import { StreamOrigin } from './stream-origin.ts';
import { userLocation } from './user-location.ts';
import { WatermarkStrategy } from './watermark-strategy.ts';

/**
 * Where a job begins: sources are added to it, its settings hold for every operator that has none of its own,
 * and `execute` runs what has been built. Nothing runs before.
 *
 * Source Flink's StreamExecutionEnvironment.
 */
export class StreamExecutionEnvironment {
  readonly #builder: GraphBuilder;

  private constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  /** An empty environment with parallelism 1. */
  static create(): StreamExecutionEnvironment {
    return new StreamExecutionEnvironment(new GraphBuilder());
  }

  /** The environment of a job that somebody else executes. */
  static forBuilder(builder: GraphBuilder): StreamExecutionEnvironment {
    return new StreamExecutionEnvironment(builder);
  }

  /**
   * The records of a source.
   *
   * `name` is the operator's name, its uid, and the name by which a deployment binds another connector to it.
   * Throws UserError GRAPH_INVALID if it is empty.
   */
  fromSource<T>(
    source: Source<T>,
    strategy: WatermarkStrategySpec<NoInfer<T>>,
    name: string,
  ): SingleOutputStreamOperator<T> {
    if (typeof name !== 'string' || name === '') {
      throw new UserError(
        'GRAPH_INVALID',
        `fromSource() at ${userLocation()} needs a name as third argument; it is also the uid of the source.`,
      );
    }
    return this.#source({ source, strategy, name });
  }

  /**
   * The given records, in order, at parallelism 1: `fromData(array, name?)` or `fromData(1, 2, 3)`. For tests
   * and examples. The name is also the uid; default `data-1`, `data-2` …
   */
  fromData<T>(records: readonly T[], name?: string): SingleOutputStreamOperator<T>;
  fromData<T>(...records: readonly T[]): SingleOutputStreamOperator<T>;
  fromData<T>(...given: readonly unknown[]): SingleOutputStreamOperator<T> {
    const [first, second] = given;
    const isArray =
      Array.isArray(first) && (given.length === 1 || (given.length === 2 && typeof second === 'string'));
    // The two signatures: an array of records, or each argument a record.
    const records = (isArray ? [...first] : given) as readonly T[];
    const name = isArray && typeof second === 'string' ? second : this.#builder.automaticUid('data');
    const options = { count: records.length, maxParallelism: 1 };
    // The generator asks only for indexes below `count`.
    return this.#generated(name, new DataGeneratorSource((index) => records[index] as T, options));
  }

  /**
   * The whole numbers from `from` to `to`, both included.
   *
   * Throws UserError ARGUMENT_INVALID unless both are safe whole numbers and `from <= to`.
   */
  fromSequence(from: number, to: number): SingleOutputStreamOperator<number> {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to) {
      throw new UserError(
        'ARGUMENT_INVALID',
        `fromSequence(${from}, ${to}) at ${userLocation()} needs two whole numbers, the smaller first.`,
      );
    }
    const count = to - from + 1;
    return this.#generated(
      this.#builder.automaticUid('sequence'),
      new DataGeneratorSource((index) => from + index, { count }),
    );
  }

  /** Number of subtasks of every operator that sets none. Default 1. */
  setParallelism(parallelism: number): this {
    this.#builder.parallelism = parallelism;
    return this;
  }

  /** Number of key groups; fixed for the life of the state. Default: derived from the highest parallelism. */
  setMaxParallelism(maxParallelism: number): this {
    this.#builder.maxParallelism = maxParallelism;
    return this;
  }

  /** What happens to a record on which user code throws: `fail` ends the job, `dead-letter` goes on. */
  onError(policy: ErrorPolicy): this {
    this.#builder.onError = policy;
    return this;
  }

  /**
   * Where keyed state lives: `heap`, the default, keeps all of it in memory; `table` keeps it in the state
   * directory and only the keys of the moment in memory. Timers are in memory with both.
   *
   * Throws UserError ARGUMENT_INVALID for another word.
   */
  setStateBackend(stateBackend: StateBackend): this {
    if (!STATE_BACKENDS.includes(stateBackend)) {
      throw new UserError(
        'ARGUMENT_INVALID',
        `setStateBackend(${JSON.stringify(stateBackend)}) at ${userLocation()} needs 'heap' or 'table'.`,
      );
    }
    this.#builder.stateBackend = stateBackend;
    return this;
  }

  /** Every operator becomes a task of its own. */
  disableOperatorChaining(): this {
    this.#builder.chainingEnabled = false;
    return this;
  }

  /** The job as data, without running it. Throws UserError GRAPH_INVALID if the name is empty. */
  getStreamGraph(jobName: string): StreamGraph {
    return this.#builder.toStreamGraph(jobName);
  }

  /**
   * Runs the job in this process to its end. A second call runs it again.
   *
   * Throws UserError if the job cannot run (FUNCTION_SHARED, UID_MISSING, …) or what ended it.
   */
  execute(jobName: string, options: RunOptions = {}): Promise<JobResult> {
    return runJob(this.#builder, { jobName, options });
  }

  /** Runs the job and gives the records of `stream`, as `stream.executeAndCollect(jobName)` does. */
  executeAndCollect<T>(stream: DataStream<T>, jobName?: string): Promise<T[]> {
    return stream.executeAndCollect(jobName);
  }

  #generated<T>(name: string, source: DataGeneratorSource<T>): SingleOutputStreamOperator<T> {
    return this.#source({ source, strategy: WatermarkStrategy.noWatermarks<T>(), name });
  }

  #source<T>(options: {
    readonly source: Source<T>;
    readonly strategy: WatermarkStrategySpec<T>;
    readonly name: string;
  }): SingleOutputStreamOperator<T> {
    const { source, name } = options;
    // Only records of this source reach the strategy.
    const watermarks = options.strategy as WatermarkStrategySpec<unknown>;
    const spec = () => ({ kind: 'source', source, watermarks }) as const;
    return new SingleOutputStreamOperator(new StreamOrigin(this.#builder, []), { name, uid: name, spec });
  }
}
