import { LIMITS } from '../../core/limits.ts';
import type { Channel, Control } from '../../ports/channel.ts';

/** Gathers the records and controls of one channel into batches. */
export class BatchBuilder {
  readonly #channel: Channel;
  #values: unknown[] = [];
  #timestamps: number[] = [];
  #controls: Control[] = [];

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  addRecord(value: unknown, timestamp: number): void {
    this.#values.push(value);
    this.#timestamps.push(timestamp);
    if (this.#values.length >= LIMITS.channelBatchRecordsMax) this.flush();
  }

  addWatermark(watermark: number): void {
    const at = this.#values.length;
    const last = this.#controls.at(-1);
    // Of several watermarks between the same two records only the last can be seen.
    if (last !== undefined && last.kind === 'watermark' && last.at === at) this.#controls.pop();
    this.#controls.push({ kind: 'watermark', at, watermark });
  }

  addStatus(idle: boolean): void {
    this.#controls.push({ kind: idle ? 'idle' : 'active', at: this.#values.length });
  }

  addEndOfInput(): void {
    this.#controls.push({ kind: 'end-of-input', at: this.#values.length });
  }

  flush(): void {
    if (this.#values.length === 0 && this.#controls.length === 0) return;
    this.#channel.offer({ values: this.#values, timestamps: this.#timestamps, controls: this.#controls });
    this.#values = [];
    this.#timestamps = [];
    this.#controls = [];
  }

  hasCapacity(): boolean {
    return this.#channel.hasCapacity();
  }
}
