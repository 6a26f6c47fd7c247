/**
 * The fluent API. Every method only adds operators to the GraphBuilder of its environment.
 *
 * The classes stand in one file because each leads to the others: a window of a keyed stream gives a stream
 * again.
 */
import type { Sink } from '../core/connector.ts';
import type { Partitioner } from '../core/functions/basic-function.ts';
import type { OutputTag } from '../core/output-tag.ts';
import type { WatermarkStrategySpec } from '../core/watermark.ts';
import type { GlobalWindow, Window } from '../core/window/window.ts';
import type { WindowAssigner } from '../core/window/window-assigner.ts';
import type { EdgePartitioner, ErrorPolicy, KeySelector } from '../graph/operator-spec.ts';
import { CollectSink } from './collect-sink.ts';
import { ConnectedOperations, KeyedConnectedOperations } from './connected-operations.ts';
import { countWindowDraft } from './count-window.ts';
import { DataStreamSink } from './data-stream-sink.ts';
import { fieldAggregation, type RollUp } from './field-aggregation.ts';
import type * as arg from './function-arguments.ts';
import type { OperatorDraft } from './graph-builder.ts';
import { runJob } from './job-runner.ts';
import type { KeyCheck } from './key-check.ts';
import { customPartitioner, keySelectorOf } from './key-selector.ts';
import { PrintSink } from './print-sink.ts';
import type { StreamKind } from './stream-kind.ts';
import type { NextOperator, SpecMaker, StreamOrigin } from './stream-origin.ts';
import type { TypeMessage } from './type-message.ts';
import * as normalise from './user-function.ts';
import { WindowDraft } from './window-draft.ts';
import { WindowOperations } from './window-operations.ts';

const ALL_RECORDS = { keySelector: () => 0, allWindows: true } as const;

/** What every stream can do, keyed or not. */
export abstract class Stream<T> {
  protected readonly origin: StreamOrigin;

  constructor(origin: StreamOrigin) {
    this.origin = origin;
  }

  /** One record out for each record in. Timestamps stay. */
  map<R>(fn: arg.MapArgument<T, R>): SingleOutputStreamOperator<arg.MapResult<T, R>> {
    return this.operator('Map', (place) => ({ kind: 'map', fn: normalise.mapFunction(fn, place) }));
  }

  /** Keeps the records for which the function is true. */
  filter<S extends T>(fn: (value: T) => value is S): SingleOutputStreamOperator<S>;
  filter(fn: arg.FilterArgument<T>): SingleOutputStreamOperator<T>;
  filter(fn: unknown): SingleOutputStreamOperator<T> {
    return this.operator('Filter', (place) => ({ kind: 'filter', fn: normalise.filterFunction(fn, place) }));
  }

  /** Any number of records out for each record in: those returned as an iterable and those collected. */
  flatMap<R>(fn: arg.FlatMapArgument<T, R>): SingleOutputStreamOperator<R> {
    return this.operator('FlatMap', (place) => ({
      kind: 'flatMap',
      fn: normalise.flatMapFunction(fn, place),
    }));
  }

  /** Sends equal keys to one subtask. Keys are strings, numbers, … or tuples and plain objects of them. */
  keyBy<K>(selector: (value: T) => KeyCheck<K>): KeyedStream<T, K> {
    return new KeyedStream(this.origin, keySelectorOf(selector, 'keyBy'));
  }

  /** All records of this stream and the others, in no particular order. The result has no key. */
  union<U>(...streams: readonly Stream<U>[]): DataStream<T | U> {
    return new DataStream(this.origin.union(streams.map((stream) => stream.origin)));
  }

  /** Timestamps and watermarks from here on; those from upstream are replaced. */
  assignTimestampsAndWatermarks(strategy: WatermarkStrategySpec<T>): SingleOutputStreamOperator<T> {
    // Only records of this stream reach the strategy.
    const watermarks = strategy as WatermarkStrategySpec<unknown>;
    return this.operator('Timestamps/Watermarks', () => ({ kind: 'timestampsAndWatermarks', watermarks }));
  }

  /** Windows over all records in one subtask; prefer `keyBy` and `window`. */
  windowAll<W extends Window>(assigner: WindowAssigner<T, W>): AllWindowedStream<T, W> {
    return new AllWindowedStream(this.origin, new WindowDraft(assigner, ALL_RECORDS));
  }

  /** Windows of `size` records over the whole stream, every `slide` records. Default slide: `size`. */
  countWindowAll(size: number, slide?: number): AllWindowedStream<T, GlobalWindow> {
    return new AllWindowedStream(this.origin, countWindowDraft(ALL_RECORDS, { size, slide }));
  }

  /** Ends the stream in a sink. The sink needs a uid. */
  sinkTo(sink: Sink<T>): DataStreamSink {
    // Only records of this stream reach the sink.
    return new DataStreamSink(this.origin.sink(`Sink: ${sink.connector}`, sink as Sink<unknown>));
  }

  /** Writes the records to standard output as `prefix:subtask> record`; subtasks only at parallelism > 1. */
  print(prefix?: string): DataStreamSink {
    const uid = this.origin.builder.automaticUid('print');
    return new DataStreamSink(this.origin.sink('Print to Std. Out', new PrintSink(prefix), uid));
  }

  /**
   * Runs the whole job of the environment and gives the records of this stream, in order of arrival.
   *
   * Throws the StreamError that ended the job; CAPACITY_EXCEEDED above LIMITS.collectedRecordsMax records.
   */
  async executeAndCollect(jobName = 'collect'): Promise<T[]> {
    const { builder } = this.origin;
    const sink = new CollectSink<T>();
    // Only records of this stream reach the sink.
    this.origin.sink('Collect', sink as CollectSink<unknown>, builder.automaticUid('collect'));
    try {
      await runJob(builder, { jobName, options: {} });
    } finally {
      builder.removeLast();
    }
    return sink.values;
  }

  protected operator<R>(name: string, spec: SpecMaker): SingleOutputStreamOperator<R> {
    return new SingleOutputStreamOperator(this.origin, { name, spec });
  }

  /** For subclasses, which may see the origin of their own kind only. */
  protected static originOf<X>(stream: Stream<X>): StreamOrigin {
    return stream.origin;
  }
}

/** A stream of records of type T. Source: Flink's DataStream. */
export class DataStream<T> extends Stream<T> {
  declare readonly reduce: TypeMessage<'keyBy() must come before reduce()'>;
  declare readonly sum: TypeMessage<'keyBy() must come before sum()'>;
  declare readonly min: TypeMessage<'keyBy() must come before min()'>;
  declare readonly max: TypeMessage<'keyBy() must come before max()'>;
  declare readonly minBy: TypeMessage<'keyBy() must come before minBy()'>;
  declare readonly maxBy: TypeMessage<'keyBy() must come before maxBy()'>;
  declare readonly window: TypeMessage<'keyBy() must come before window(); else use windowAll()'>;
  declare readonly countWindow: TypeMessage<'keyBy() must come before countWindow()'>;
  declare readonly aggregate: TypeMessage<'keyBy() and window() must come before aggregate()'>;

  /** Low-level operation with side outputs. `process<Row>(…)` tells what a plain function collects. */
  process<R>(fn: arg.ProcessArgument<T, R>): SingleOutputStreamOperator<R> {
    return this.operator('Process', (place) => ({
      kind: 'process',
      fn: normalise.processFunction(fn, place),
    }));
  }

  /** Two streams of different types, for functions that see both. */
  connect<B>(other: Stream<B>): ConnectedStreams<T, B> {
    return new ConnectedStreams(this.origin, Stream.originOf(other));
  }

  /** Deals the records out in turn. */
  rebalance(): DataStream<T> {
    return this.#partitioned({ kind: 'rebalance' });
  }

  /** Deals the records out in turn to a part of the subtasks, so that fewer channels are needed. */
  rescale(): DataStream<T> {
    return this.#partitioned({ kind: 'rescale' });
  }

  /** Sends each record to a random subtask. */
  shuffle(): DataStream<T> {
    return this.#partitioned({ kind: 'shuffle' });
  }

  /** Sends each record to every subtask. */
  broadcast(): DataStream<T> {
    return this.#partitioned({ kind: 'broadcast' });
  }

  /** Keeps records in their subtask; both sides must have the same parallelism. */
  forward(): DataStream<T> {
    return this.#partitioned({ kind: 'forward' });
  }

  /** Sends every record to subtask 0. */
  global(): DataStream<T> {
    return this.#partitioned({ kind: 'global' });
  }

  /** Sends each record to the subtask that `partitioner` names for its key. */
  partitionCustom<K>(partitioner: Partitioner<K>, keySelector: (value: T) => K): DataStream<T> {
    return this.#partitioned(customPartitioner(partitioner, keySelector));
  }

  #partitioned(partitioner: EdgePartitioner): DataStream<T> {
    return new DataStream(this.origin.partitioned(partitioner));
  }
}

/** The stream that an operator makes, with its settings. Source: Flink's SingleOutputStreamOperator. */
export class SingleOutputStreamOperator<T> extends DataStream<T> {
  readonly #draft: OperatorDraft;

  constructor(upstream: StreamOrigin, operator: NextOperator) {
    const draft = upstream.add(operator);
    super(upstream.outputOf(draft));
    this.#draft = draft;
  }

  /** Shown in plans, metrics and messages. */
  name(name: string): this {
    this.#draft.name = name;
    return this;
  }

  /** Identity of the operator's state across versions of the job. Stateful operators need one. */
  uid(uid: string): this {
    this.#draft.uid = uid;
    return this;
  }

  /** Number of subtasks. Default: the job's. */
  setParallelism(parallelism: number): this {
    this.#draft.parallelism = parallelism;
    return this;
  }

  /** Number of key groups, an upper bound of the parallelism; fixed for the life of the state. */
  setMaxParallelism(maxParallelism: number): this {
    this.#draft.maxParallelism = maxParallelism;
    return this;
  }

  /** Not chained with the operator before it. */
  startNewChain(): this {
    this.#draft.chaining = 'head';
    return this;
  }

  /** Chained neither with the operator before nor with the one after. */
  disableChaining(): this {
    this.#draft.chaining = 'never';
    return this;
  }

  /** What happens to a record on which the function throws. Default: the job's. */
  onError(policy: ErrorPolicy): this {
    this.#draft.onError = policy;
    return this;
  }

  /** The records that the operator sends to `tag`. Throws UserError OUTPUT_TAG_INVALID. */
  getSideOutput<X>(tag: OutputTag<X>): DataStream<X> {
    return new DataStream(this.origin.sideOutput(tag));
  }
}

/** A stream whose records belong to keys: state and timers are per key. Source: Flink's KeyedStream. */
export class KeyedStream<T, K> extends Stream<T> {
  declare readonly aggregate: TypeMessage<'window() must come before aggregate()'>;
  declare readonly uid: TypeMessage<'uid() belongs to an operator; call it after the one behind keyBy()'>;
  readonly #keySelector: KeySelector;

  constructor(upstream: StreamOrigin, keySelector: KeySelector) {
    super(upstream.partitioned({ kind: 'hash', keySelector }));
    this.#keySelector = keySelector;
  }

  /** Rolling reduction of a key's records; emits the result of each step. */
  reduce(fn: arg.ReduceArgument<T>): SingleOutputStreamOperator<T> {
    const keySelector = this.#keySelector;
    return this.operator('Keyed Reduce', (place) => ({
      kind: 'keyedReduce',
      keySelector,
      fn: normalise.reduceFunction(fn, place),
    }));
  }

  /** Rolling sum of a field; the other fields are those of the key's first record. */
  sum(field: arg.SummableField<T>): SingleOutputStreamOperator<T> {
    return this.#rollUp('sum', field);
  }

  /** Rolling minimum of a field; the other fields are those of the key's first record. */
  min(field: arg.ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#rollUp('min', field);
  }

  /** Rolling maximum of a field; the other fields are those of the key's first record. */
  max(field: arg.ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#rollUp('max', field);
  }

  /** The key's record with the smallest field so far; the first of equals. */
  minBy(field: arg.ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#rollUp('minBy', field);
  }

  /** The key's record with the largest field so far; the first of equals. */
  maxBy(field: arg.ComparableField<T>): SingleOutputStreamOperator<T> {
    return this.#rollUp('maxBy', field);
  }

  /** Low-level operation with state and timers. `process<Row>(…)` tells what a plain function collects. */
  process<R>(fn: arg.KeyedProcessArgument<K, T, R>): SingleOutputStreamOperator<R> {
    const keySelector = this.#keySelector;
    return this.operator('KeyedProcess', (place) => ({
      kind: 'keyedProcess',
      keySelector,
      fn: normalise.keyedProcessFunction(fn, place),
    }));
  }

  /** Groups a key's records into windows. */
  window<W extends Window>(assigner: WindowAssigner<T, W>): WindowedStream<T, K, W> {
    return new WindowedStream(this.origin, new WindowDraft(assigner, this.#keying()));
  }

  /** Windows of a key's `size` records, every `slide` records. Default slide: `size`. */
  countWindow(size: number, slide?: number): WindowedStream<T, K, GlobalWindow> {
    return new WindowedStream(this.origin, countWindowDraft(this.#keying(), { size, slide }));
  }

  /** Two streams of different types; with another keyed stream, functions share state and timers of a key. */
  connect<B>(other: KeyedStream<B, K>): KeyedConnectedStreams<K, T, B>;
  connect<B>(other: DataStream<B>): ConnectedStreams<T, B>;
  connect<B>(
    other: KeyedStream<B, K> | DataStream<B>,
  ): ConnectedStreams<T, B> | KeyedConnectedStreams<K, T, B> {
    if (!(other instanceof KeyedStream)) return new ConnectedStreams(this.origin, Stream.originOf(other));
    return new KeyedConnectedStreams(this.origin, other.origin, [this.#keySelector, other.#keySelector]);
  }

  #keying() {
    return { keySelector: this.#keySelector, allWindows: false };
  }

  #rollUp(rollUp: RollUp, field: string): SingleOutputStreamOperator<T> {
    const fn = { create: () => fieldAggregation(rollUp, field), shared: undefined };
    const keySelector = this.#keySelector;
    return this.operator('Keyed Aggregation', () => ({ kind: 'keyedReduce', keySelector, fn }));
  }
}

/** Says what the operators of windows and connected streams make. */
interface OperatorKind extends StreamKind {
  readonly stream: SingleOutputStreamOperator<this['record']>;
}

/** A keyed stream grouped into windows; a function must follow. Source: Flink's WindowedStream. */
export class WindowedStream<T, K, W extends Window> extends WindowOperations<T, K, W, OperatorKind> {
  protected override streamOf<R>(operator: NextOperator): SingleOutputStreamOperator<R> {
    return new SingleOutputStreamOperator(this.origin, operator);
  }
}

/** A stream grouped into windows without key, in one subtask. Source: Flink's AllWindowedStream. */
export class AllWindowedStream<T, W extends Window> extends WindowedStream<T, undefined, W> {}

/** Two streams that one function sees. Source: Flink's ConnectedStreams. */
export class ConnectedStreams<A, B> extends ConnectedOperations<A, B, OperatorKind> {
  /** Keys both streams, so that equal keys meet in one subtask and share state and timers. */
  keyBy<K>(
    first: (value: A) => KeyCheck<K>,
    second: (value: B) => KeyCheck<K>,
  ): KeyedConnectedStreams<K, A, B> {
    return new KeyedStream<A, K>(this.first, keySelectorOf(first, 'keyBy')).connect(
      new KeyedStream<B, K>(this.second, keySelectorOf(second, 'keyBy')),
    );
  }

  protected override streamOf<R>(operator: NextOperator): SingleOutputStreamOperator<R> {
    return new SingleOutputStreamOperator(this.first, operator);
  }
}

/** Two keyed streams that one function sees, with the state and timers of the common key. */
export class KeyedConnectedStreams<K, A, B> extends KeyedConnectedOperations<K, A, B, OperatorKind> {
  protected override streamOf<R>(operator: NextOperator): SingleOutputStreamOperator<R> {
    return new SingleOutputStreamOperator(this.first, operator);
  }
}
