/**
 * WatermarkValve: decides which watermarks and statuses of several input channels an operator sees.
 *
 * Owns per channel the last watermark, idle or active, and aligned or not; knows nothing of records or
 * clocks.
 * I1  Output watermarks rise strictly; so does what is remembered of each channel.
 * I2  The output watermark is the minimum over the aligned channels. An idle channel is not aligned; a
 *     channel that becomes active is aligned again once its watermark has reached the last output.
 * I3  Watermarks of an idle channel are ignored, not remembered.
 * I4  The output is idle exactly while all channels are. If the last one to go idle was the one that held the
 *     output back, the maximum over all channels is flushed before.
 * I5  A finished channel counts as one with MAX_WATERMARK.
 * I6  A valve that is built anew lets no more through than the operator behind it has seen: what it let
 *     through depends on the order of its input, which nobody remembers.
 *
 * Source: Flink's StatusWatermarkValve.
 */
import { InvariantError } from '../core/errors.ts';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../core/time.ts';

/** Where the valve puts what it lets through. */
export interface WatermarkValveOutput {
  processWatermark(watermark: number): void;
  processWatermarkStatus(idle: boolean): void;
}

interface ChannelStatus {
  watermark: number;
  idle: boolean;
  aligned: boolean;
}

/**
 * The watermark valve of one input. Units: watermarks in ms since the epoch. Source: Flink's
 * StatusWatermarkValve.
 */
export class WatermarkValve {
  readonly #channels: readonly ChannelStatus[];
  readonly #output: WatermarkValveOutput;
  #watermark = MIN_TIMESTAMP;
  #idle = false;
  #paused = false;

  constructor(channels: number, output: WatermarkValveOutput) {
    this.#channels = Array.from({ length: channels }, () => ({
      watermark: MIN_TIMESTAMP,
      idle: false,
      aligned: true,
    }));
    this.#output = output;
  }

  /** The last watermark that was let through; MIN_TIMESTAMP before the first. */
  get currentWatermark(): number {
    return this.#watermark;
  }

  /** Takes a watermark of a channel. Throws InvariantError INVARIANT if there is no such channel. */
  inputWatermark(channel: number, watermark: number): void {
    const status = this.#channel(channel);
    if (this.#paused) status.watermark = Math.max(status.watermark, watermark);
    if (this.#paused || this.#idle || status.idle || watermark <= status.watermark) return;
    status.watermark = watermark;
    if (!status.aligned && watermark >= this.#watermark) status.aligned = true;
    if (status.aligned) this.#outputMinimum();
  }

  /** Takes a status of a channel. Throws InvariantError INVARIANT if there is no such channel. */
  inputWatermarkStatus(channel: number, idle: boolean): void {
    const status = this.#channel(channel);
    if (idle === status.idle) return;
    status.idle = idle;
    if (this.#paused) return;
    if (idle) this.#becameIdle(status);
    else this.#becameActive(status);
  }

  /** The channel has ended: it is active again and holds nothing back (I5). */
  finishChannel(channel: number): void {
    this.inputWatermarkStatus(channel, false);
    this.inputWatermark(channel, MAX_WATERMARK);
  }

  /** From here to `resume` channels say where they are, not what happens: nothing is let through. */
  pause(): void {
    this.#paused = true;
  }

  /**
   * Lets through what the channels have reached, at most `reached`: how far the operator behind the valve has
   * come (I6). Unit: ms since the epoch.
   */
  resume(reached: number): void {
    this.#paused = false;
    const active = this.#channels.filter(({ idle }) => !idle);
    const idle = active.length === 0;
    const known = idle ? highest(this.#channels) : lowest(active);
    const watermark = Math.max(this.#watermark, Math.min(known, reached));
    for (const status of this.#channels) status.aligned = !status.idle && status.watermark >= watermark;
    if (this.#idle && !idle) this.#output.processWatermarkStatus(false);
    this.#emit(watermark);
    if (!this.#idle && idle) this.#output.processWatermarkStatus(true);
    this.#idle = idle;
  }

  #becameIdle(status: ChannelStatus): void {
    status.aligned = false;
    const heldBack = status.watermark === this.#watermark;
    if (this.#channels.some((channel) => !channel.idle)) {
      if (heldBack) this.#outputMinimum();
      return;
    }
    if (heldBack) this.#outputMaximum();
    this.#idle = true;
    this.#output.processWatermarkStatus(true);
  }

  #becameActive(status: ChannelStatus): void {
    if (status.watermark >= this.#watermark) status.aligned = true;
    if (!this.#idle) return;
    this.#idle = false;
    this.#output.processWatermarkStatus(false);
  }

  #outputMinimum(): void {
    let minimum = Number.POSITIVE_INFINITY;
    for (const { aligned, watermark } of this.#channels) {
      if (aligned && watermark < minimum) minimum = watermark;
    }
    if (minimum !== Number.POSITIVE_INFINITY) this.#emit(minimum);
  }

  #outputMaximum(): void {
    this.#emit(highest(this.#channels));
  }

  #emit(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    this.#output.processWatermark(watermark);
  }

  #channel(channel: number): ChannelStatus {
    const status = this.#channels[channel];
    if (status !== undefined) return status;
    throw new InvariantError(
      'INVARIANT',
      `The watermark valve has ${this.#channels.length} channels, none is ${channel}.`,
    );
  }
}

function lowest(channels: readonly ChannelStatus[]): number {
  return channels.reduce((low, { watermark }) => Math.min(low, watermark), MAX_WATERMARK);
}

function highest(channels: readonly ChannelStatus[]): number {
  return channels.reduce((high, { watermark }) => Math.max(high, watermark), MIN_TIMESTAMP);
}
