import { UserError } from '../core/errors.ts';
import type { EdgePartitioner, ErrorPolicy, OperatorSpec } from '../graph/operator-spec.ts';
import type {
  ChainingStrategy,
  StateBackend,
  StreamEdge,
  StreamGraph,
  StreamNode,
} from '../graph/stream-graph.ts';
import type { FunctionPlace } from './user-function.ts';
import { userLocation } from './user-location.ts';

/** An output of an operator and how its records will travel to whoever reads it. */
export type Upstream = Omit<StreamEdge, 'inputIndex'>;

/** An operator whose settings can still change. */
export interface OperatorDraft {
  readonly id: number;
  readonly spec: OperatorSpec;
  readonly location: string;
  readonly inputs: readonly StreamEdge[];
  name: string;
  uid: string | undefined;
  /** Undefined: the job's. */
  parallelism: number | undefined;
  maxParallelism: number | undefined;
  chaining: ChainingStrategy;
  onError: ErrorPolicy | undefined;
}

/** What a new operator starts with. */
export interface OperatorStart {
  readonly name: string;
  /** Called at once with the place that messages about its functions name. */
  readonly spec: (place: FunctionPlace) => OperatorSpec;
  readonly inputs: readonly StreamEdge[];
  readonly uid?: string;
  readonly parallelism?: number;
  readonly maxParallelism?: number;
}

/** Settings of a job that its operators may override. */
export interface JobSettings {
  /** Default 1. */
  readonly parallelism?: number | undefined;
  readonly maxParallelism?: number | undefined;
  /** What happens to a record on which user code throws. Default `fail`. */
  readonly onError?: ErrorPolicy | undefined;
  /** Where keyed state lives. Default `heap`. */
  readonly stateBackend?: StateBackend | undefined;
}

/** Gathers the operators of one environment; `toStreamGraph` takes them as frozen data. */
export class GraphBuilder {
  readonly #drafts: OperatorDraft[] = [];
  readonly #automaticUids = new Map<string, number>();
  parallelism: number;
  maxParallelism: number | undefined;
  onError: ErrorPolicy;
  stateBackend: StateBackend;
  chainingEnabled = true;
  /** Name of the `defineJob` that is being built: such a job is executed from outside. */
  readonly definedJob: string | undefined;

  constructor(settings: JobSettings = {}, definedJob?: string) {
    this.parallelism = settings.parallelism ?? 1;
    this.maxParallelism = settings.maxParallelism;
    this.onError = settings.onError ?? 'fail';
    this.stateBackend = settings.stateBackend ?? 'heap';
    this.definedJob = definedJob;
  }

  add(start: OperatorStart): OperatorDraft {
    const location = userLocation();
    const draft: OperatorDraft = {
      id: this.#drafts.length,
      spec: Object.freeze(start.spec({ operatorName: start.name, location })),
      location,
      inputs: start.inputs,
      name: start.name,
      uid: start.uid,
      parallelism: start.parallelism,
      maxParallelism: start.maxParallelism,
      chaining: 'always',
      onError: undefined,
    };
    this.#drafts.push(draft);
    return draft;
  }

  /** Takes back the operator added last. */
  removeLast(): void {
    this.#drafts.pop();
  }

  /** `data-1`, `data-2` …: the same at every evaluation of the job. */
  automaticUid(kind: string): string {
    const number = (this.#automaticUids.get(kind) ?? 0) + 1;
    this.#automaticUids.set(kind, number);
    return `${kind}-${number}`;
  }

  toStreamGraph(jobName: string): StreamGraph {
    if (typeof jobName !== 'string' || jobName === '') {
      throw new UserError('GRAPH_INVALID', 'A job needs a name: a non-empty string.');
    }
    return Object.freeze({
      jobName,
      parallelism: this.parallelism,
      maxParallelism: this.maxParallelism,
      chainingEnabled: this.chainingEnabled,
      onError: this.onError,
      stateBackend: this.stateBackend,
      nodes: Object.freeze(this.#drafts.map((draft) => this.#toNode(draft))),
    });
  }

  #toNode(draft: OperatorDraft): StreamNode {
    return Object.freeze({
      ...draft,
      parallelism: draft.parallelism ?? this.#defaultParallelism(draft.spec),
    });
  }

  /** A source that cannot use the job's parallelism gets what it can use. */
  #defaultParallelism(spec: OperatorSpec): number {
    const most = spec.kind === 'source' ? spec.source.maxParallelism : undefined;
    return most === undefined ? this.parallelism : Math.min(this.parallelism, most);
  }
}

/** The main output of an operator. */
export function mainOutput(draft: OperatorDraft): Upstream {
  return { sourceId: draft.id, partitioner: AUTO, sideOutputId: undefined };
}

const AUTO: EdgePartitioner = Object.freeze({ kind: 'auto' });

/** The outputs as inputs of an operator. */
export function edgesFrom(upstreams: readonly Upstream[], inputIndex: 0 | 1 = 0): readonly StreamEdge[] {
  return Object.freeze(upstreams.map((upstream) => Object.freeze({ ...upstream, inputIndex })));
}
