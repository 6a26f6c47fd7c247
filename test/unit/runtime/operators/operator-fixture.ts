/** An operator outside any job: a clock that the test moves and outputs that it reads. */
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import { MetricRegistry } from '../../../../lib/runtime/metrics.ts';
import type {
  Input,
  Journal,
  Operator,
  OperatorContext,
  UserCodeCursor,
} from '../../../../lib/runtime/operator.ts';
import { deltaOf, type OperatorSnapshot, snapshotOf } from '../../../../lib/runtime/snapshot.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';
import { StateFold } from '../../../state-fold.ts';

export type Emitted =
  | { readonly record: unknown; readonly timestamp?: number }
  | { readonly watermark: number }
  | { readonly idle: boolean };

/** One step of a case, in the notation of the golden cases. */
export type Step =
  | { readonly element: unknown; readonly timestamp?: number; readonly input?: 1 | 2 }
  | { readonly watermark: number; readonly input?: 1 | 2 }
  | { readonly idle: boolean; readonly input?: 1 | 2 }
  | { readonly processingTime: number }
  | { readonly snapshotRestore: true };

export class Recorder implements Input {
  readonly emitted: Emitted[] = [];
  onElement: (value: unknown) => void = () => {};

  processElement(record: unknown, timestamp: number): void {
    this.emitted.push(timestamp === NO_TIMESTAMP ? { record } : { record, timestamp });
    this.onElement(record);
  }

  processWatermark(watermark: number): void {
    this.emitted.push({ watermark });
  }

  processWatermarkStatus(idle: boolean): void {
    this.emitted.push({ idle });
  }
}

export interface FixtureOptions {
  readonly sideOutputs?: readonly string[];
  readonly journal?: Journal;
  readonly freezeState?: boolean;
}

export class OperatorFixture {
  readonly clock = new ManualProcessingTime();
  readonly output = new Recorder();
  readonly cursor: UserCodeCursor = { operator: undefined };
  readonly metrics = new MetricRegistry();
  readonly sides: ReadonlyMap<string, Recorder>;
  operator: Operator;
  context: OperatorContext;
  readonly #create: (context: OperatorContext) => Operator;
  readonly #options: FixtureOptions;
  readonly #fold = new StateFold();

  private constructor(create: (context: OperatorContext) => Operator, options: FixtureOptions) {
    this.#create = create;
    this.#options = options;
    this.sides = new Map((options.sideOutputs ?? []).map((id) => [id, new Recorder()]));
    this.context = this.#newContext();
    this.operator = create(this.context);
  }

  static async open(
    create: (context: OperatorContext) => Operator,
    options: FixtureOptions = {},
  ): Promise<OperatorFixture> {
    const fixture = new OperatorFixture(create, options);
    await fixture.operator.open();
    return fixture;
  }

  get emitted(): readonly Emitted[] {
    return this.output.emitted;
  }

  input(number: 1 | 2 = 1): Input {
    const input = this.operator.inputs[number - 1];
    if (input === undefined) throw new Error(`no input ${number}`);
    return input;
  }

  /** Checkpoint, dispose, new instance, restore. */
  async restart(snapshot: OperatorSnapshot): Promise<void> {
    await this.#restartFrom([deltaOf(snapshot)]);
  }

  /** The same from all changes since the start. Throws unless they make up the whole state. */
  async restartFromChanges(): Promise<void> {
    const changes = structuredClone(this.operator.collectState('changes'));
    this.#fold.take(changes, structuredClone(this.operator.collectState('all')));
    await this.#restartFrom(structuredClone(this.#fold.deltas));
  }

  async #restartFrom(deltas: readonly OperatorDelta[]): Promise<void> {
    await this.operator.close();
    this.context = this.#newContext();
    this.operator = this.#create(this.context);
    for (const delta of deltas) this.operator.applyState(delta);
    await this.operator.open();
  }

  snapshot(): OperatorSnapshot {
    return snapshotOf(this.operator.collectState('all'));
  }

  async run(steps: readonly Step[]): Promise<readonly Emitted[]> {
    for (const step of steps) {
      if ('element' in step)
        this.input(step.input).processElement(step.element, step.timestamp ?? NO_TIMESTAMP);
      else if ('watermark' in step) this.input(step.input).processWatermark(step.watermark);
      else if ('idle' in step) this.input(step.input).processWatermarkStatus(step.idle);
      else if ('processingTime' in step) this.clock.advanceTo(step.processingTime);
      else await this.restartFromChanges();
    }
    return this.emitted;
  }

  #newContext(): OperatorContext {
    return {
      jobName: 'job',
      operatorName: 'the operator',
      operatorUid: 'uid',
      location: 'job.ts:7',
      onError: 'fail',
      subtask: 2,
      parallelism: 3,
      maxParallelism: 128,
      output: this.output,
      sideOutput: (id) => this.sides.get(id),
      processingTime: this.clock,
      cursor: this.cursor,
      counter: (name) => this.metrics.counter('uid', name),
      journal: this.#options.journal,
      freezeState: this.#options.freezeState ?? false,
      stateId: 'uid',
      trackChanges: true,
    };
  }
}

/** A user function that is given as it is. */
export function given<F extends object>(fn: F): { readonly create: () => F; readonly shared: F } {
  return { create: () => fn, shared: fn };
}
