/** One window operator outside any job, with a clock and outputs that the test controls. */
import type { AggregateFunction } from '../../../../lib/core/functions/aggregate-function.ts';
import type { ReduceFunction } from '../../../../lib/core/functions/reduce-function.ts';
import type {
  AggregatedWindowFunction,
  ProcessWindowFunction,
} from '../../../../lib/core/functions/window-function.ts';
import type { Window } from '../../../../lib/core/window/window.ts';
import type { WindowContents, WindowSpec } from '../../../../lib/graph/operator-spec.ts';
import { MetricRegistry } from '../../../../lib/runtime/metrics.ts';
import type { Input, Journal, Operator, OperatorContext } from '../../../../lib/runtime/operator.ts';
import { deltaOf, type OperatorSnapshot, snapshotOf } from '../../../../lib/runtime/snapshot.ts';
import { createContentsFunctions } from '../../../../lib/runtime/window/contents-factory.ts';
import { WindowOperator } from '../../../../lib/runtime/window/window-operator.ts';
import { createWindowOperator } from '../../../../lib/runtime/window/window-operator-factory.ts';
import { type HarnessOutput, RecordingOutput } from '../../../../lib/testing/harness-output.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';
import { StateFold } from '../../../state-fold.ts';

export type Pair = readonly [string, number];

/** Which operator runs a spec. */
export type OperatorChoice = 'chosen' | 'generic';

export interface HarnessSettings {
  readonly operator?: OperatorChoice;
  readonly journal?: Journal;
  readonly freezeState?: boolean;
}

export class WindowHarness {
  readonly output = new RecordingOutput<unknown>();
  readonly sideOutputs = new Map<string, RecordingOutput<unknown>>();
  readonly time = new ManualProcessingTime();
  readonly #metrics = new MetricRegistry();
  readonly #spec: WindowSpec;
  readonly #settings: HarnessSettings;
  readonly #fold = new StateFold();
  #operator: Operator;

  constructor(spec: WindowSpec, settings: HarnessSettings = {}) {
    this.#spec = spec;
    this.#settings = settings;
    this.#operator = this.#create();
  }

  /** A harness that is not open yet, whose operator starts from a snapshot. Throws if it refuses it. */
  static restored(
    spec: WindowSpec,
    snapshot: OperatorSnapshot,
    settings: HarnessSettings = {},
  ): WindowHarness {
    const harness = new WindowHarness(spec, settings);
    harness.operator.applyState(deltaOf(snapshot));
    harness.#fold.take(deltaOf(snapshot), deltaOf(snapshot));
    return harness;
  }

  static async open(spec: WindowSpec, settings: HarnessSettings = {}): Promise<WindowHarness> {
    const harness = new WindowHarness(spec, settings);
    await harness.operator.open();
    return harness;
  }

  get operator(): Operator {
    return this.#operator;
  }

  get input(): Input {
    return this.#operator.inputs[0];
  }

  get droppedRecords(): number {
    return this.#metrics.counter('window', 'numLateRecordsDropped').count;
  }

  snapshot(): OperatorSnapshot {
    return snapshotOf(this.#operator.collectState('all'));
  }

  /** Throws unless the changes since the start make up the whole state. */
  collect(): void {
    const changes = structuredClone(this.#operator.collectState('changes'));
    this.#fold.take(changes, structuredClone(this.#operator.collectState('all')));
  }

  /** Checkpoint, dispose, new instance, restore from all changes since the start. */
  async snapshotRestore(): Promise<void> {
    this.collect();
    await this.#operator.close();
    this.#operator = this.#create();
    for (const delta of structuredClone(this.#fold.deltas)) this.#operator.applyState(delta);
    await this.#operator.open();
  }

  /**
   * Values of the main output so far, with their timestamps and the watermarks between them; forgets them.
   */
  take(): readonly unknown[] {
    const taken = this.output.elements.map(textOf);
    this.output.clear();
    return taken;
  }

  takeSide(tagId: string): readonly unknown[] {
    const side = this.sideOutputs.get(tagId);
    const taken = side?.elements.map(textOf) ?? [];
    side?.clear();
    return taken;
  }

  #create(): Operator {
    const context = this.#context();
    return this.#settings.operator === 'generic'
      ? new WindowOperator(this.#spec, context, createContentsFunctions(this.#spec))
      : createWindowOperator(this.#spec, context);
  }

  #context(): OperatorContext {
    return {
      jobName: 'test',
      operatorName: 'window',
      operatorUid: 'window',
      location: 'test.ts:1:1',
      onError: 'fail',
      subtask: 0,
      parallelism: 1,
      maxParallelism: 128,
      output: this.output,
      sideOutput: (tagId) => this.#sideOutput(tagId),
      processingTime: this.time,
      cursor: { operator: undefined },
      counter: (name) => this.#metrics.counter('window', name),
      journal: this.#settings.journal,
      freezeState: this.#settings.freezeState ?? false,
      stateId: 'window',
      trackChanges: true,
    };
  }

  #sideOutput(tagId: string): Input {
    const known = this.sideOutputs.get(tagId);
    if (known !== undefined) return known;
    const output = new RecordingOutput<unknown>();
    this.sideOutputs.set(tagId, output);
    return output;
  }
}

/** `[value, timestamp]` of a record, the number of a watermark, the name of a status. */
function textOf(element: HarnessOutput<unknown>): unknown {
  if ('watermark' in element) return element.watermark;
  return 'watermarkStatus' in element ? element.watermarkStatus : [element.value, element.timestamp];
}

/** A spec keyed by the first element of a pair. */
export function windowSpec(
  required: Pick<WindowSpec, 'assigner' | 'contents'>,
  optional: Partial<WindowSpec> = {},
): WindowSpec {
  return {
    kind: 'window',
    keySelector: (value) => pairOf(value)[0],
    allWindows: false,
    trigger: undefined,
    evictor: undefined,
    allowedLatenessMs: 0,
    lateTagId: undefined,
    ...required,
    ...optional,
  };
}

export function pairOf(value: unknown): Pair {
  // Every test of windows feeds pairs.
  return value as Pair;
}

type AnyAggregatedFunction = AggregatedWindowFunction<unknown, unknown, unknown, Window>;

export function reducing(
  reduce: ReduceFunction<unknown>['reduce'],
  window?: AnyAggregatedFunction,
): WindowContents {
  return { kind: 'reduce', reduce: userFunction({ reduce }), window: optional(window), sliceable: true };
}

export function aggregating<ACC, OUT>(
  aggregate: AggregateFunction<Pair, ACC, OUT>,
  window?: AnyAggregatedFunction,
): WindowContents {
  // The type parameters of user code are erased in specs; the tests feed pairs.
  const erased = aggregate as unknown as AggregateFunction<unknown, unknown, unknown>;
  return { kind: 'aggregate', aggregate: userFunction(erased), window: optional(window) };
}

export function processing(window: ProcessWindowFunction<unknown, unknown, unknown, Window>): WindowContents {
  return { kind: 'process', window: userFunction(window) };
}

/** Sum of the numbers of a key, as a pair. */
export function sumPairs(a: unknown, b: unknown): Pair {
  return [pairOf(a)[0], pairOf(a)[1] + pairOf(b)[1]];
}

/** An aggregate that changes its accumulator in place. */
export const IN_PLACE_SUM: AggregateFunction<Pair, { key: string; sum: number }, Pair> = {
  createAccumulator: () => ({ key: '', sum: 0 }),
  add: (accumulator, [key, n]) => {
    accumulator.key = key;
    accumulator.sum += n;
    return accumulator;
  },
  merge: (a, b) => {
    a.key = b.key;
    a.sum += b.sum;
    return a;
  },
  getResult: ({ key, sum }) => [key, sum],
};

function userFunction<F extends object>(object: F) {
  return { create: () => object, shared: object };
}

function optional<F extends object>(object: F | undefined) {
  return object === undefined ? undefined : userFunction(object);
}
