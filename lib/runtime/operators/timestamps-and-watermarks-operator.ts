/**
 * Assigns timestamps and generates watermarks in the middle of a stream.
 *
 * I1 Watermarks and idleness from upstream end here, except MAX_WATERMARK.
 * I2 Watermarks follow the record that gave rise to them and never fall.
 * Source: Flink's TimestampsAndWatermarksOperator.
 */
import { isDeepStrictEqual } from 'node:util';
import type { StateScope } from '../../core/connector.ts';
import { RecordError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OperatorDelta, OperatorStateDelta } from '../../core/log/state-delta.ts';
import { isTimestamp, MAX_WATERMARK } from '../../core/time.ts';
import type { TimestampAssigner, WatermarkGenerator, WatermarkStrategySpec } from '../../core/watermark.ts';
import type { OperatorSpec } from '../../graph/operator-spec.ts';
import { EventTime } from '../event-time.ts';
import type { Input, Operator, OperatorContext, ScheduledCallback } from '../operator.ts';
import { collectDelta } from '../operator-delta.ts';
import { type BackPressure, PausableClock } from './pausable-clock.ts';
import { WatermarkEmitter } from './watermark-emitter.ts';
import { createWatermarkGenerator } from './watermark-generators.ts';

/** Name of the state of the watermark generator, and of its only part. */
const GENERATOR = 'generator';

export class TimestampsAndWatermarksOperator implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly #context: OperatorContext;
  readonly #strategy: WatermarkStrategySpec<unknown>;
  readonly #assigner: TimestampAssigner<unknown> | undefined;
  readonly #perRecord: boolean;
  readonly #intervalMs: number;
  readonly #clock: PausableClock;
  readonly #eventTime: EventTime;
  readonly #emitter: WatermarkEmitter;
  /** Set by `open`, which comes before the first record. */
  #generator!: WatermarkGenerator<unknown>;
  #tick: ScheduledCallback | undefined;
  /** What the generator had when changes were last collected, or has yet to be restored with. */
  #generatorState: unknown;

  constructor(
    spec: Extract<OperatorSpec, { kind: 'timestampsAndWatermarks' }>,
    context: OperatorContext,
    options: { readonly autoWatermarkIntervalMs?: number } = {},
  ) {
    this.#context = context;
    this.#strategy = spec.watermarks;
    this.#assigner = spec.watermarks.timestampAssigner;
    this.#perRecord = spec.watermarks.emit === 'per-record';
    this.#intervalMs = options.autoWatermarkIntervalMs ?? LIMITS.autoWatermarkIntervalMs;
    this.#clock = new PausableClock(context.processingTime);
    this.#eventTime = new EventTime(context);
    this.#emitter = new WatermarkEmitter(context, this.#eventTime);
  }

  open(): void {
    this.#context.cursor.operator = this.#context;
    this.#generator = createWatermarkGenerator(this.#strategy, this.#clock);
    if (this.#generatorState !== undefined) this.#generator.restoreState?.(this.#generatorState);
    this.#scheduleTick();
  }

  processElement(value: unknown, recordTimestamp: number): void {
    const { cursor, output, journal } = this.#context;
    cursor.operator = this.#context;
    const timestamp = this.#assigner === undefined ? recordTimestamp : this.#assigner(value, recordTimestamp);
    if (this.#assigner !== undefined && !isTimestamp(timestamp)) throw this.#invalidTimestamp(timestamp);
    output.processElement(value, timestamp);
    // A record that is undone must not move the watermark.
    if (journal === undefined) this.#generate(value, timestamp);
    else journal.defer(() => this.#generate(value, timestamp));
  }

  #generate(value: unknown, timestamp: number): void {
    this.#context.cursor.operator = this.#context;
    this.#generator.onEvent(value, timestamp, this.#emitter);
    if (this.#perRecord) this.#generator.onPeriodicEmit(this.#emitter);
  }

  processWatermark(watermark: number): void {
    if (watermark !== MAX_WATERMARK) return;
    this.#tick?.cancel();
    this.#tick = undefined;
    this.#emitter.emitWatermark(watermark);
  }

  processWatermarkStatus(): void {}

  endBatch(): void {
    if (!this.#perRecord) this.#emitPeriodically();
  }

  /** The clock of the idle timeout stands still while the task is back-pressured. */
  setBackPressured(kind: BackPressure, on: boolean): void {
    this.#clock.setBackPressured(kind, on);
  }

  close(): void {
    this.#tick?.cancel();
  }

  collectState(scope: StateScope): OperatorDelta {
    this.#context.cursor.operator = this.#context;
    return collectDelta(this.#context, scope, {
      eventTime: this.#eventTime,
      backend: undefined,
      timers: undefined,
      states: this.#generatorStates(scope),
    });
  }

  applyState(delta: OperatorDelta): void {
    this.#context.cursor.operator = this.#context;
    this.#eventTime.apply(delta);
    for (const { name, changes } of delta.states) {
      if (name !== GENERATOR) continue;
      for (const change of changes) if (change.op === 'put') this.#generatorState = change.value;
      // Set once the operator is open.
      this.#generator?.restoreState?.(this.#generatorState);
    }
  }

  #generatorStates(scope: StateScope): readonly OperatorStateDelta[] {
    const value = this.#generator.snapshotState?.();
    if (value === undefined) return [];
    if (scope === 'changes') {
      if (isDeepStrictEqual(value, this.#generatorState)) return [];
      // A generator may go on in the object that it has answered.
      this.#generatorState = structuredClone(value);
    }
    const changes = [{ op: 'put', part: GENERATOR, value }] as const;
    return [{ name: GENERATOR, redistribution: 'subtask', changes }];
  }

  #scheduleTick(): void {
    const { processingTime } = this.#context;
    const emit = (): void => {
      this.#emitPeriodically();
      this.#scheduleTick();
    };
    // That a stream becomes idle is told by nothing but time.
    const becomesIdle = this.#strategy.idleTimeoutMs !== undefined && !this.#emitter.idle;
    const kind = becomesIdle ? 'timer' : 'look';
    this.#tick = processingTime.schedule(processingTime.now() + this.#intervalMs, emit, kind);
  }

  #emitPeriodically(): void {
    if (this.#emitter.watermark === MAX_WATERMARK) return;
    this.#context.cursor.operator = this.#context;
    this.#generator.onPeriodicEmit(this.#emitter);
  }

  #invalidTimestamp(timestamp: unknown): RecordError {
    const { operatorName, location } = this.#context;
    return new RecordError(
      'TIMESTAMP_INVALID',
      `The timestamp assigner of operator '${operatorName}', made at ${location}, ` +
        `returned ${String(timestamp)}; ` +
        'return a whole number of milliseconds since the epoch.',
      { context: { operatorName, location } },
    );
  }
}
