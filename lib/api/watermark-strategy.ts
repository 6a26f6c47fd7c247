import { type Duration, millis } from '../core/duration.ts';
import { UserError } from '../core/errors.ts';
import { addClamped, isTimestamp, MIN_TIMESTAMP } from '../core/time.ts';
import type {
  TimestampAssigner,
  WatermarkGenerator,
  WatermarkOutput,
  WatermarkStrategySpec,
} from '../core/watermark.ts';

/** How a watermark strategy reads timestamps and when it emits. */
export interface WatermarkStrategyOptions<T> {
  /** Event time of a record; default: the timestamp that the source gave. Unit: ms since the epoch. */
  readonly timestamp?: TimestampAssigner<T>;
  /**
   * `'periodic'` (default) emits every auto-watermark interval and at batch ends; `'per-record'` emits after
   * each record, so that what is late does not depend on batches or clocks.
   */
  readonly emit?: 'periodic' | 'per-record';
}

/**
 * Watermarks of a stream whose records are late by at most a fixed time: `max timestamp - delay - 1`, and
 * MIN_TIMESTAMP before the first record. Source: Flink's BoundedOutOfOrdernessWatermarks.
 */
export class BoundedOutOfOrdernessWatermarks<T> implements WatermarkGenerator<T> {
  readonly #delayMs: number;
  #watermark = MIN_TIMESTAMP;

  constructor(maxOutOfOrderness: Duration) {
    requireNotNegative(maxOutOfOrderness);
    this.#delayMs = maxOutOfOrderness;
  }

  onEvent(_event: T, timestamp: number, _output: WatermarkOutput): void {
    const watermark = addClamped(timestamp, -this.#delayMs - 1);
    if (watermark > this.#watermark) this.#watermark = watermark;
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    output.emitWatermark(this.#watermark);
  }

  snapshotState(): number {
    return this.#watermark;
  }

  restoreState(state: unknown): void {
    if (isTimestamp(state)) this.#watermark = state;
  }
}

/**
 * Watermarks of a stream whose timestamps never fall: `max timestamp - 1`. Source: Flink's
 * AscendingTimestampsWatermarks.
 */
export class AscendingTimestampsWatermarks<T> extends BoundedOutOfOrdernessWatermarks<T> {
  constructor() {
    super(millis(0));
  }
}

/** A generator that emits nothing. */
const NO_WATERMARKS: WatermarkGenerator<unknown> = { onEvent() {}, onPeriodicEmit() {} };

/**
 * How a stream gets timestamps and watermarks: immutable data, given to `fromSource` or
 * `assignTimestampsAndWatermarks`. Source: Flink's WatermarkStrategy.
 */
export class WatermarkStrategy<T> implements WatermarkStrategySpec<T> {
  readonly description: string;
  readonly createGenerator: () => WatermarkGenerator<T>;
  readonly timestampAssigner: TimestampAssigner<T> | undefined;
  readonly emit: 'periodic' | 'per-record';
  readonly idleTimeoutMs: number | undefined;

  private constructor(spec: WatermarkStrategySpec<T>) {
    this.description = spec.description;
    this.createGenerator = spec.createGenerator;
    this.timestampAssigner = spec.timestampAssigner;
    this.emit = spec.emit;
    this.idleTimeoutMs = spec.idleTimeoutMs;
  }

  /** For timestamps that never fall within one split. */
  static forMonotonousTimestamps<T>(options: WatermarkStrategyOptions<T> = {}): WatermarkStrategy<T> {
    return WatermarkStrategy.#create(
      'MonotonousTimestamps',
      () => new AscendingTimestampsWatermarks<T>(),
      options,
    );
  }

  /**
   * For records that are late by at most `maxOutOfOrderness`.
   *
   * Throws UserError ARGUMENT_INVALID if it is negative.
   */
  static forBoundedOutOfOrderness<T>(
    maxOutOfOrderness: Duration,
    options: WatermarkStrategyOptions<T> = {},
  ): WatermarkStrategy<T> {
    requireNotNegative(maxOutOfOrderness);
    const createGenerator = () => new BoundedOutOfOrdernessWatermarks<T>(maxOutOfOrderness);
    return WatermarkStrategy.#create(`BoundedOutOfOrderness(${maxOutOfOrderness})`, createGenerator, options);
  }

  /** For a generator of one's own; `createGenerator` is called once for each split or subtask. */
  static forGenerator<T>(
    createGenerator: () => WatermarkGenerator<T>,
    options: WatermarkStrategyOptions<T> = {},
  ): WatermarkStrategy<T> {
    return WatermarkStrategy.#create('Generator', createGenerator, options);
  }

  /** For streams that need no event time: only the end of a bounded input is a watermark. */
  static noWatermarks<T>(): WatermarkStrategy<T> {
    return WatermarkStrategy.#create<T>('NoWatermarks', () => NO_WATERMARKS, {});
  }

  /** The same strategy with another timestamp assigner. */
  withTimestampAssigner(timestampAssigner: TimestampAssigner<T>): WatermarkStrategy<T> {
    return new WatermarkStrategy({ ...this, timestampAssigner });
  }

  /**
   * The same strategy, which declares a split idle after `timeout` without a record: others no longer wait
   * for it.
   *
   * Throws UserError ARGUMENT_INVALID unless the timeout is positive.
   */
  withIdleness(timeout: Duration): WatermarkStrategy<T> {
    if (!(Number.isSafeInteger(timeout) && timeout > 0)) {
      throw new UserError(
        'ARGUMENT_INVALID',
        `withIdleness(${timeout} ms) needs a positive Duration such as minutes(1).`,
      );
    }
    return new WatermarkStrategy({
      ...this,
      idleTimeoutMs: timeout,
    });
  }

  static #create<T>(
    description: string,
    createGenerator: () => WatermarkGenerator<T>,
    { timestamp, emit = 'periodic' }: WatermarkStrategyOptions<T>,
  ): WatermarkStrategy<T> {
    if (emit !== 'periodic' && emit !== 'per-record') {
      throw new UserError(
        'ARGUMENT_INVALID',
        `The emit option of a watermark strategy is ${JSON.stringify(emit)}; give 'periodic' or ` +
          `'per-record'.`,
      );
    }
    return new WatermarkStrategy({
      description,
      createGenerator,
      timestampAssigner: timestamp,
      emit,
      idleTimeoutMs: undefined,
    });
  }
}

function requireNotNegative(maxOutOfOrderness: Duration): void {
  if (Number.isSafeInteger(maxOutOfOrderness) && maxOutOfOrderness >= 0) return;
  throw new UserError(
    'ARGUMENT_INVALID',
    `The out-of-orderness ${maxOutOfOrderness} ms must not be negative; give a Duration such as seconds(20).`,
  );
}
