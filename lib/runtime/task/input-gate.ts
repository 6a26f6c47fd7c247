import { MAX_WATERMARK } from '../../core/time.ts';
import type { Batch } from '../../ports/channel.ts';
import { WatermarkValve } from '../../protocol/watermark-valve.ts';
import type { Input } from '../operator.ts';

/**
 * One input of an operator that several channels feed: records pass, watermarks and statuses go through the
 * valve.
 */
export class InputGate {
  readonly #target: Input;
  readonly #valve: WatermarkValve;

  constructor(target: Input, channels: number) {
    this.#target = target;
    this.#valve = new WatermarkValve(channels, target);
  }

  /** From here to `resume` channels say where they are. */
  pause(): void {
    this.#valve.pause();
  }

  /** Goes on from where the channels are, but from no later than the operator has come. */
  resume(): void {
    this.#valve.resume(this.#target.reached ?? MAX_WATERMARK);
  }

  /** The side of the gate that one channel feeds. */
  channelInput(channel: number): Input {
    return new GateChannel(this.#target, this.#valve, channel);
  }
}

class GateChannel implements Input {
  readonly #target: Input;
  readonly #valve: WatermarkValve;
  readonly #channel: number;

  constructor(target: Input, valve: WatermarkValve, channel: number) {
    this.#target = target;
    this.#valve = valve;
    this.#channel = channel;
  }

  processElement(value: unknown, timestamp: number): void {
    this.#target.processElement(value, timestamp);
  }

  processWatermark(watermark: number): void {
    this.#valve.inputWatermark(this.#channel, watermark);
  }

  processWatermarkStatus(idle: boolean): void {
    this.#valve.inputWatermarkStatus(this.#channel, idle);
  }
}

/** Pushes a batch into an input, each control at its place among the records; true if the channel ended. */
export function deliverBatch(batch: Batch, input: Input): boolean {
  const { values, timestamps, controls } = batch;
  let ended = false;
  let next = 0;
  for (const control of controls) {
    deliverRecords(batch, input, next, control.at);
    next = control.at;
    if (control.kind === 'watermark') input.processWatermark(control.watermark);
    else if (control.kind === 'end-of-input') ended = true;
    else input.processWatermarkStatus(control.kind === 'idle');
  }
  deliverRecords(batch, input, next, Math.min(values.length, timestamps.length));
  return ended;
}

function deliverRecords({ values, timestamps }: Batch, input: Input, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    // Both arrays have a record at every index below the batch length.
    input.processElement(values[i], timestamps[i] as number);
  }
}
