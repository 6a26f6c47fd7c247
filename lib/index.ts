/** Public entry of jobs: everything that a job module names. */
export { CollectSink } from './api/collect-sink.ts';
export { type DataGeneratorOptions, DataGeneratorSource } from './api/data-generator-source.ts';
export type {
  AllWindowedStream,
  ConnectedStreams,
  DataStream,
  KeyedConnectedStreams,
  KeyedStream,
  SingleOutputStreamOperator,
  WindowedStream,
} from './api/data-stream.ts';
export type { DataStreamSink } from './api/data-stream-sink.ts';
export { defineJob, isJobDefinition, type JobDefinition } from './api/define-job.ts';
export { StreamExecutionEnvironment } from './api/environment.ts';
export type { AggregatedWindowCall, Collected, RowCollector, WindowCall } from './api/function-arguments.ts';
export type { JobSettings } from './api/graph-builder.ts';
export type { RunOptions } from './api/job-runner.ts';
export { PrintSink } from './api/print-sink.ts';
export type { TypeMessage } from './api/type-message.ts';
export {
  AscendingTimestampsWatermarks,
  BoundedOutOfOrdernessWatermarks,
  WatermarkStrategy,
  type WatermarkStrategyOptions,
} from './api/watermark-strategy.ts';
export { ContinuousEventTimeTrigger } from './api/windows/continuous-event-time-trigger.ts';
export { ContinuousProcessingTimeTrigger } from './api/windows/continuous-processing-time-trigger.ts';
export { CountEvictor } from './api/windows/count-evictor.ts';
export { CountTrigger } from './api/windows/count-trigger.ts';
export { DeltaEvictor } from './api/windows/delta-evictor.ts';
export { type DeltaFunction, DeltaTrigger } from './api/windows/delta-trigger.ts';
export { EndOfStreamTrigger } from './api/windows/end-of-stream-trigger.ts';
export { EventTimeSessionWindows } from './api/windows/event-time-session-windows.ts';
export { EventTimeTrigger } from './api/windows/event-time-trigger.ts';
export { GlobalWindows } from './api/windows/global-windows.ts';
export { NeverTrigger } from './api/windows/never-trigger.ts';
export { ProcessingTimeSessionWindows } from './api/windows/processing-time-session-windows.ts';
export { ProcessingTimeTrigger } from './api/windows/processing-time-trigger.ts';
export {
  type ProcessingTimeoutOptions,
  ProcessingTimeoutTrigger,
} from './api/windows/processing-timeout-trigger.ts';
export { PurgingTrigger } from './api/windows/purging-trigger.ts';
export type { SessionGap } from './api/windows/session-windows.ts';
export { SlidingEventTimeWindows } from './api/windows/sliding-event-time-windows.ts';
export { SlidingProcessingTimeWindows } from './api/windows/sliding-processing-time-windows.ts';
export { TimeEvictor } from './api/windows/time-evictor.ts';
export { TumblingEventTimeWindows } from './api/windows/tumbling-event-time-windows.ts';
export { TumblingProcessingTimeWindows } from './api/windows/tumbling-processing-time-windows.ts';
export { WindowStagger } from './api/windows/window-stagger.ts';
export {
  type CsvSinkOptions,
  FileSink,
  type FileSinkOptions,
  type ParquetSinkColumn,
  type ParquetSinkOptions,
  type RollingPolicy,
} from './connectors/file/file-sink.ts';
export {
  type CsvSourceOptions,
  type FilePath,
  FileSource,
  type FileSourceOptions,
  type NdjsonSourceOptions,
  type ParquetSourceOptions,
  type TextSourceOptions,
} from './connectors/file/file-source.ts';
export type { Sink, Source } from './core/connector.ts';
export { type Duration, days, hours, millis, minutes, seconds } from './core/duration.ts';
export {
  type ErrorCode,
  type ErrorContext,
  FencedError,
  InvariantError,
  isStreamError,
  RecordError,
  RetryableError,
  StreamError,
  UserError,
} from './core/errors.ts';
export type { AggregateFunction } from './core/functions/aggregate-function.ts';
export type {
  CoFlatMapFunction,
  CoMapFunction,
  FilterFunction,
  FlatMapFunction,
  MapFunction,
  Partitioner,
} from './core/functions/basic-function.ts';
export type {
  CoProcessFunction,
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
  OnTimerContext,
  ProcessContext,
  ProcessFunction,
  TimeDomain,
  TimerService,
} from './core/functions/process-function.ts';
export type { ReduceFunction } from './core/functions/reduce-function.ts';
export type { Collector, Counter, RichFunction, RuntimeContext } from './core/functions/rich-function.ts';
export type {
  AggregatedWindowContext,
  AggregatedWindowFunction,
  ProcessAllWindowFunction,
  ProcessWindowContext,
  ProcessWindowFunction,
  WindowContext,
} from './core/functions/window-function.ts';
export { OutputTag } from './core/output-tag.ts';
export {
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
} from './core/state.ts';
export { MAX_WATERMARK, MIN_TIMESTAMP, NO_TIMESTAMP } from './core/time.ts';
export type {
  TimestampAssigner,
  WatermarkGenerator,
  WatermarkOutput,
  WatermarkStrategySpec,
} from './core/watermark.ts';
export type { Evictor, EvictorContext, TimestampedValue } from './core/window/evictor.ts';
export type { OnMergeContext, Trigger, TriggerContext, TriggerResult } from './core/window/trigger.ts';
export { GlobalWindow, TimeWindow, type Window } from './core/window/window.ts';
export type { Slicing, WindowAssigner } from './core/window/window-assigner.ts';
export type {
  DurableResult,
  JobCommit,
  JobMetrics,
  JobObserver,
  JobResult,
  JobStatus,
  SinkResult,
} from './graph/job-execution.ts';
export type { ErrorPolicy } from './graph/operator-spec.ts';
export type { StateBackend, StreamGraph } from './graph/stream-graph.ts';
