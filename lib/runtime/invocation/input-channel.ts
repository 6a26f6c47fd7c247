import type { ChannelWatermark } from '../../core/log/entry-payload.ts';
import type { FrameRun } from '../../core/log/frame.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import type { Batch, Channel, Control } from '../../ports/channel.ts';

/** What a frame or a hint says, in order. */
export interface ChannelInput {
  readonly runs: readonly FrameRun[];
  readonly endOfInput: boolean;
}

/** Turns frames of one input channel into batches of a task; remembers what the channel was told. */
export class InputChannel implements Channel {
  #batches: Batch[] = [];
  #watermark = MIN_TIMESTAMP;
  #idle = false;

  /** What it was told last. Unit: ms since the epoch. */
  get watermark(): number {
    return this.#watermark;
  }

  get idle(): boolean {
    return this.#idle;
  }

  hasCapacity(): boolean {
    return true;
  }

  offer(batch: Batch): void {
    this.#batches.push(batch);
  }

  poll(): Batch | undefined {
    return this.#batches.shift();
  }

  isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  offerInput({ runs, endOfInput }: ChannelInput): void {
    const values: unknown[] = [];
    const timestamps: number[] = [];
    const controls: Control[] = [];
    for (const { watermark, idle, records } of runs) {
      this.#tell(controls, values.length, { watermark, idle });
      for (const record of records) {
        values.push(record.value);
        timestamps.push(record.timestamp);
      }
    }
    if (endOfInput) controls.push({ kind: 'end-of-input', at: values.length });
    this.offer({ values, timestamps, controls });
  }

  /** Records without time: what the channel was told stays. */
  offerRecords(runs: readonly FrameRun[]): void {
    const records = runs.flatMap((run) => run.records);
    const values = records.map(({ value }) => value);
    this.offer({ values, timestamps: records.map(({ timestamp }) => timestamp), controls: [] });
  }

  /** Brings a task that does not know the channel's past to its present. */
  offerPast({ watermark, idle, ended }: ChannelWatermark): void {
    const controls: Control[] = [];
    this.#tell(controls, 0, { watermark, idle });
    if (ended) controls.push({ kind: 'end-of-input', at: 0 });
    if (controls.length > 0) this.offer({ values: [], timestamps: [], controls });
  }

  /** An idle channel takes no watermark: it is active for one, and idle again behind it. */
  #tell(controls: Control[], at: number, told: { readonly watermark: number; readonly idle: boolean }): void {
    const moves = told.watermark > this.#watermark;
    if (this.#idle && (moves || !told.idle)) this.#setIdle(controls, at, false);
    if (moves) {
      controls.push({ kind: 'watermark', at, watermark: told.watermark });
      this.#watermark = told.watermark;
    }
    if (told.idle && !this.#idle) this.#setIdle(controls, at, true);
  }

  #setIdle(controls: Control[], at: number, idle: boolean): void {
    controls.push({ kind: idle ? 'idle' : 'active', at });
    this.#idle = idle;
  }
}
