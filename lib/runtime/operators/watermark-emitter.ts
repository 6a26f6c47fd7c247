import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../core/time.ts';
import type { WatermarkOutput } from '../../core/watermark.ts';
import type { OperatorContext } from '../operator.ts';

/** Output of a watermark generator: watermarks only go up, idleness is told once, a watermark ends it. */
export class WatermarkEmitter implements WatermarkOutput {
  readonly #context: OperatorContext;
  #watermark: number;
  #idle = false;

  constructor(context: OperatorContext) {
    this.#context = context;
    this.#watermark = context.restored?.watermark ?? MIN_TIMESTAMP;
  }

  get watermark(): number {
    return this.#watermark;
  }

  emitWatermark(watermark: number): void {
    // Generators may calculate: watermarks are whole and end at MAX_WATERMARK; NaN is none.
    const next = Math.min(Math.floor(watermark), MAX_WATERMARK);
    if (!(next > this.#watermark)) return;
    this.#remember();
    this.#watermark = next;
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
    this.#remember();
    this.#idle = idle;
    this.#context.output.processWatermarkStatus(idle);
  }

  #remember(): void {
    const watermark = this.#watermark;
    const idle = this.#idle;
    this.#context.journal?.record(() => {
      this.#watermark = watermark;
      this.#idle = idle;
    });
  }
}
