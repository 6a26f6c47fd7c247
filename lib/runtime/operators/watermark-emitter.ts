import { MAX_WATERMARK } from '../../core/time.ts';
import type { WatermarkOutput } from '../../core/watermark.ts';
import type { EventTime } from '../event-time.ts';
import type { OperatorContext } from '../operator.ts';

/** Output of a watermark generator: watermarks only go up, idleness is told once, a watermark ends it. */
export class WatermarkEmitter implements WatermarkOutput {
  readonly #context: OperatorContext;
  readonly #eventTime: EventTime;
  #idle = false;

  constructor(context: OperatorContext, eventTime: EventTime) {
    this.#context = context;
    this.#eventTime = eventTime;
  }

  get watermark(): number {
    return this.#eventTime.watermark;
  }

  get idle(): boolean {
    return this.#idle;
  }

  emitWatermark(watermark: number): void {
    // Generators may calculate: watermarks are whole and end at MAX_WATERMARK; NaN is none.
    const next = Math.min(Math.floor(watermark), MAX_WATERMARK);
    if (!(next > this.#eventTime.watermark)) return;
    this.#eventTime.advance(next);
    this.markActive();
    this.#context.output.processWatermark(next);
    this.#context.cursor.operator = this.#context;
  }

  markIdle(): void {
    this.#setIdle(true);
  }

  markActive(): void {
    this.#setIdle(false);
  }

  #setIdle(idle: boolean): void {
    if (this.#idle === idle) return;
    this.#context.journal?.record(() => {
      this.#idle = !idle;
    });
    this.#idle = idle;
    this.#context.output.processWatermarkStatus(idle);
  }
}
