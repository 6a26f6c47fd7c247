/** Builds StreamGraphs for tests from short sketches: nodes know each other by name. */
import type { Sink, Source } from '../../../lib/core/connector.ts';
import type { WatermarkStrategySpec } from '../../../lib/core/watermark.ts';
import type { Trigger } from '../../../lib/core/window/trigger.ts';
import type { Window } from '../../../lib/core/window/window.ts';
import type {
  EdgePartitioner,
  OperatorSpec,
  UserFunction,
  WindowSpec,
} from '../../../lib/graph/operator-spec.ts';
import type { ChainingStrategy, StreamGraph, StreamNode } from '../../../lib/graph/stream-graph.ts';

export interface EdgeSketch {
  readonly node: string;
  readonly via?: EdgePartitioner['kind'];
  readonly input?: 0 | 1;
  readonly tag?: string;
}

export interface NodeSketch {
  readonly name: string;
  /** A map if absent. */
  readonly spec?: OperatorSpec;
  /** A name alone is an edge that the user left open. */
  readonly from?: readonly (string | EdgeSketch)[];
  /** Stateful operators get their name; null leaves it out. */
  readonly uid?: string | null;
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  readonly chaining?: ChainingStrategy;
}

export type JobSketch = Partial<Omit<StreamGraph, 'nodes'>>;

const keySelector = (value: unknown): unknown => value;

export function graphOf(sketches: readonly NodeSketch[], job: JobSketch = {}): StreamGraph {
  const ids = new Map(sketches.map((sketch, id) => [sketch.name, id]));
  const nodes = sketches.map((sketch, id): StreamNode => {
    const spec = sketch.spec ?? MAP;
    const stateful = !['map', 'filter', 'flatMap', 'process', 'coMap'].includes(spec.kind);
    return {
      id,
      spec,
      name: sketch.name,
      uid: sketch.uid === null ? undefined : (sketch.uid ?? (stateful ? sketch.name : undefined)),
      parallelism: sketch.parallelism ?? job.parallelism ?? 1,
      maxParallelism: sketch.maxParallelism,
      chaining: sketch.chaining ?? 'always',
      onError: undefined,
      location: `job.ts:${id + 1}:1`,
      inputs: (sketch.from ?? []).map((from) => {
        const edge: EdgeSketch = typeof from === 'string' ? { node: from } : from;
        return {
          sourceId: ids.get(edge.node) ?? -1,
          inputIndex: edge.input ?? 0,
          partitioner: partitioner(edge.via ?? 'auto'),
          sideOutputId: edge.tag,
        };
      }),
    };
  });
  return {
    jobName: 'sketch',
    parallelism: 1,
    maxParallelism: undefined,
    chainingEnabled: true,
    onError: 'fail',
    stateBackend: 'heap',
    ...job,
    nodes,
  };
}

function partitioner(kind: EdgePartitioner['kind']): EdgePartitioner {
  if (kind === 'hash') return { kind, keySelector };
  if (kind === 'custom') return { kind, keySelector, partitioner: () => 0 };
  return { kind };
}

function userFunction<F>(fn: F): UserFunction<F> {
  return { create: () => fn, shared: undefined };
}

const WATERMARKS: WatermarkStrategySpec<unknown> = {
  description: 'Bounded(9)',
  createGenerator: () => ({ onEvent: () => {}, onPeriodicEmit: () => {} }),
  timestampAssigner: undefined,
  emit: 'periodic',
  idleTimeoutMs: undefined,
};

const TRIGGER: Trigger<unknown, Window> = {
  description: 'EventTime()',
  onElement: () => 'CONTINUE',
  onProcessingTime: () => 'CONTINUE',
  onEventTime: () => 'FIRE',
  clear: () => {},
};

const load = () => Promise.reject(new Error('A sketch has no runtime.'));

export const MAP: OperatorSpec = { kind: 'map', fn: userFunction({ map: keySelector }) };
export const FILTER: OperatorSpec = { kind: 'filter', fn: userFunction({ filter: () => true }) };
export const FLAT_MAP: OperatorSpec = { kind: 'flatMap', fn: userFunction({ flatMap: () => {} }) };
export const PROCESS: OperatorSpec = { kind: 'process', fn: userFunction({ processElement: () => {} }) };
export const CO_MAP: OperatorSpec = {
  kind: 'coMap',
  fn: userFunction({ map1: keySelector, map2: keySelector }),
};
export const CO_FLAT_MAP: OperatorSpec = {
  kind: 'coFlatMap',
  fn: userFunction({ flatMap1: () => {}, flatMap2: () => {} }),
};
export const CO_PROCESS: OperatorSpec = {
  kind: 'coProcess',
  fn: userFunction({ processElement1: () => {}, processElement2: () => {} }),
};
export const KEYED_PROCESS: OperatorSpec = {
  kind: 'keyedProcess',
  keySelector,
  fn: userFunction({ processElement: () => {} }),
};
export const KEYED_REDUCE: OperatorSpec = {
  kind: 'keyedReduce',
  keySelector,
  fn: userFunction({ reduce: (a: unknown) => a }),
};
export const KEYED_CO_PROCESS: OperatorSpec = {
  kind: 'keyedCoProcess',
  keySelectors: [keySelector, keySelector],
  fn: userFunction({ processElement1: () => {}, processElement2: () => {} }),
};
export const WATERMARK_ASSIGNER: OperatorSpec = { kind: 'timestampsAndWatermarks', watermarks: WATERMARKS };

export function source(overrides: Partial<Source<unknown>> = {}): OperatorSpec {
  return {
    kind: 'source',
    source: { connector: 'test', description: 'numbers', boundedness: 'bounded', load, ...overrides },
    watermarks: WATERMARKS,
  };
}

export function sink(overrides: Partial<Sink<unknown>> = {}): OperatorSpec {
  return { kind: 'sink', sink: { connector: 'test', description: 'nowhere', load, ...overrides } };
}

/** A tumbling window that reduces without a window function. */
export function reduceWindow(overrides: Partial<WindowSpec> = {}): WindowSpec {
  return {
    kind: 'window',
    keySelector,
    allWindows: false,
    assigner: {
      description: 'Tumbling(9)',
      isEventTime: true,
      assignWindows: () => [],
      getDefaultTrigger: () => TRIGGER,
    },
    trigger: undefined,
    evictor: undefined,
    allowedLatenessMs: 0,
    lateTagId: undefined,
    contents: {
      kind: 'reduce',
      reduce: userFunction({ reduce: (a: unknown) => a }),
      window: undefined,
      sliceable: true,
    },
    ...overrides,
  };
}

/** A tumbling window with a window function, which may emit to any tag. */
export function processWindow(overrides: Partial<WindowSpec> = {}): WindowSpec {
  return reduceWindow({
    contents: { kind: 'process', window: userFunction({ process: () => {} }) },
    ...overrides,
  });
}
