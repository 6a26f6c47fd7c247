import { keyGroupOf } from '../../core/key.ts';
import { LIMITS } from '../../core/limits.ts';
import type { FrameRecord, FrameRun } from '../../core/log/frame.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import type { Batch, Channel, Control } from '../../ports/channel.ts';
import type { FrameDraft, OutputWatermark } from './subtask-program.ts';

/** Key group of a record at the receiver; -1 on edges that are not keyed. */
export type KeyGroupSelector = (value: unknown) => number;

/** The key groups of a keyed edge. */
export function keyGroupsBy(
  keySelector: (value: unknown) => unknown,
  maxParallelism: number,
): KeyGroupSelector {
  return (value) => keyGroupOf(keySelector(value), maxParallelism);
}

export interface OutboxChannelOptions {
  /** `vertex/subtask`. */
  readonly target: string;
  readonly edge: string;
  readonly keyGroup: KeyGroupSelector;
}

/**
 * Takes what a task sends to one subtask over one edge, and makes frames of it.
 *
 * A watermark that stands behind the last record travels in the frame of that record; one without any record
 * is no frame.
 */
export class OutboxChannel implements Channel {
  readonly #options: OutboxChannelOptions;
  #runs: FrameRun[] = [];
  #records: FrameRecord[] = [];
  #watermark = MIN_TIMESTAMP;
  #idle = false;
  #wasIdle = false;
  #ended = false;
  /** What changed behind the last record. */
  #moved = false;
  /** The last state that a frame or hint has told. */
  #told = { watermark: MIN_TIMESTAMP, idle: false };

  constructor(options: OutboxChannelOptions) {
    this.#options = options;
  }

  hasCapacity(): boolean {
    return true;
  }

  poll(): undefined {
    return undefined;
  }

  isEmpty(): boolean {
    return true;
  }

  offer({ values, timestamps, controls }: Batch): void {
    let next = 0;
    for (const control of controls) {
      this.#add(values, timestamps, { from: next, to: control.at });
      next = control.at;
      this.#control(control);
    }
    this.#add(values, timestamps, { from: next, to: values.length });
  }

  #add(
    values: readonly unknown[],
    timestamps: readonly number[],
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    if (to > from) this.#moved = false;
    for (let i = from; i < to; i++) {
      const value = values[i];
      // Both arrays have a record at every index below the length of the batch.
      const timestamp = timestamps[i] as number;
      this.#records.push({ keyGroup: this.#options.keyGroup(value), value, timestamp });
    }
  }

  #control(control: Control): void {
    if (control.kind === 'end-of-input') {
      this.#ended = true;
      return;
    }
    const watermark =
      control.kind === 'watermark' ? Math.max(this.#watermark, control.watermark) : this.#watermark;
    const idle = control.kind === 'watermark' ? this.#idle : control.kind === 'idle';
    if (watermark === this.#watermark && idle === this.#idle) return;
    this.#closeRun();
    this.#watermark = watermark;
    this.#idle = idle;
    this.#wasIdle ||= idle;
    this.#moved = true;
  }

  #closeRun(): void {
    if (this.#records.length === 0) return;
    this.#runs.push({ watermark: this.#watermark, idle: this.#idle, records: this.#records });
    this.#records = [];
  }

  /** What has to be sent as versioned frames since the last time. */
  takeFrames(): readonly FrameDraft[] {
    this.#closeRun();
    if (this.#runs.length === 0 && !this.#ended) return [];
    if (this.#moved || this.#runs.length === 0) {
      this.#runs.push({ watermark: this.#watermark, idle: this.#idle, records: [] });
    }
    const parts = cut(this.#runs);
    const { target, edge } = this.#options;
    const frames = parts.map((runs, i) => ({
      target,
      edge,
      endOfInput: this.#ended && i === parts.length - 1,
      runs,
    }));
    this.#runs = [];
    this.#ended = false;
    this.#noteTold();
    return frames;
  }

  /** The watermark, if it was not told yet; after `takeFrames`. */
  takeWatermark(): OutputWatermark | undefined {
    if (this.#watermark === this.#told.watermark && this.#idle === this.#told.idle) return undefined;
    this.#noteTold();
    return this.currentWatermark();
  }

  /** Undefined if the channel was told nothing. */
  currentWatermark(): OutputWatermark | undefined {
    const { target, edge } = this.#options;
    if (this.#watermark === MIN_TIMESTAMP && !this.#wasIdle) return undefined;
    return { target, edge, watermark: this.#watermark, idle: this.#idle };
  }

  #noteTold(): void {
    this.#told = { watermark: this.#watermark, idle: this.#idle };
    this.#moved = false;
  }
}

/** Cut so that no frame holds more than LIMITS.frameRecordsMax records. */
function cut(runs: readonly FrameRun[]): readonly (readonly FrameRun[])[] {
  const frames: FrameRun[][] = [];
  let frame: FrameRun[] = [];
  let room: number = LIMITS.frameRecordsMax;
  for (const run of runs) {
    let { records } = run;
    while (records.length > room) {
      if (room > 0) frame.push({ ...run, records: records.slice(0, room) });
      records = records.slice(room);
      frames.push(frame);
      frame = [];
      room = LIMITS.frameRecordsMax;
    }
    frame.push({ ...run, records });
    room -= records.length;
  }
  frames.push(frame);
  return frames;
}
