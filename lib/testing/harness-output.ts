import { NO_TIMESTAMP } from '../core/time.ts';
import type { Input } from '../runtime/operator.ts';

/** A record that an operator emitted. */
export interface HarnessRecord<T> {
  readonly value: T;
  /** Undefined if the record has none. Unit: ms since the epoch. */
  readonly timestamp: number | undefined;
}

/** Whether a stream is idle, in Flink's words. */
export type HarnessWatermarkStatus = 'ACTIVE' | 'IDLE';

/** What an operator emits: records, watermarks (ms since the epoch) and watermark statuses. */
export type HarnessOutput<T> =
  | HarnessRecord<T>
  | { readonly watermark: number }
  | { readonly watermarkStatus: HarnessWatermarkStatus };

/** Keeps what an operator emits, in order. */
export class RecordingOutput<T> implements Input {
  #elements: HarnessOutput<T>[] = [];

  get elements(): readonly HarnessOutput<T>[] {
    return this.#elements;
  }

  records(): HarnessRecord<T>[] {
    return this.#elements.filter((element) => 'value' in element);
  }

  clear(): void {
    this.#elements = [];
  }

  processElement(value: unknown, timestamp: number): void {
    // The operator under test emits the type that the harness was declared with.
    const typed = value as T;
    this.#elements.push({ value: typed, timestamp: timestamp === NO_TIMESTAMP ? undefined : timestamp });
  }

  processWatermark(watermark: number): void {
    this.#elements.push({ watermark });
  }

  processWatermarkStatus(idle: boolean): void {
    this.#elements.push({ watermarkStatus: idle ? 'IDLE' : 'ACTIVE' });
  }
}
