/**
 * The fluent API. Every method only adds operators to the GraphBuilder of its environment.
 *
 * The classes stand in one file because each leads to the others: a keyed stream's window gives a stream again.
 */
import type { Sink } from '../core/connector.ts';
import type { Duration } from '../core/duration.ts';
import { UserError } from '../core/errors.ts';
import type { Partitioner } from '../core/functions/basic-function.ts';
import type { OutputTag } from '../core/output-tag.ts';
import type { WatermarkStrategySpec } from '../core/watermark.ts';
import type { Evictor } from '../core/window/evictor.ts';
import type { Trigger } from '../core/window/trigger.ts';
import type { GlobalWindow, Window } from '../core/window/window.ts';
import type { WindowAssigner } from '../core/window/window-assigner.ts';
import type { EdgePartitioner, ErrorPolicy, KeySelector, OperatorSpec } from '../graph/operator-spec.ts';
import type { StreamEdge } from '../graph/stream-graph.ts';
import { CollectSink } from './collect-sink.ts';
import { DataStreamSink } from './data-stream-sink.ts';
import { fieldAggregation, type RollUp } from './field-aggregation.ts';
import type {
  AggregateArgument,
  AggregatedWindowArgument,
  CoFlatMapArgument,
  CoMapArgument,
  ComparableField,
  CoProcessArgument,
  FilterArgument,
  FlatMapArgument,
  KeyedCoProcessArgument,
  KeyedProcessArgument,
  MapArgument,
  MapResult,
  ProcessArgument,
  ProcessWindowArgument,
  ReduceArgument,
  SummableField,
  WindowResult,
} from './function-arguments.ts';
import { edgesFrom, type GraphBuilder, mainOutput, type OperatorDraft, type Upstream } from './graph-builder.ts';
import { runJob } from './job-runner.ts';
import type { KeyCheck } from './key-check.ts';
import { customPartitioner, keySelectorOf } from './key-selector.ts';
import { PrintSink } from './print-sink.ts';
import type { TypeMessage } from './type-message.ts';
import * as userFunction from './user-function.ts';
import { WindowDraft } from './window-draft.ts';
import { CountEvictor } from './windows/count-evictor.ts';
import { CountTrigger } from './windows/count-trigger.ts';
import { GlobalWindows } from './windows/global-windows.ts';
import { PurgingTrigger } from './windows/purging-trigger.ts';
