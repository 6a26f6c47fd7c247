/**
 * Takes delivered records into a draft.
 *
 * 1. (I6) Frames of a channel are consumed in the order of their numbers; one ahead of a gap is parked.
 * 2. (I7) The position moves over a record in the draft that has consumed, parked or dropped it.
 * 3. (I15) What names another run is dropped and counted.
 * 4. (I14) A hint takes effect only behind the frames that were produced before it.
 */
import { decodeFrame } from '../../core/codec/frame-codec.ts';
import { InvariantError } from '../../core/errors.ts';
import type { ChannelWatermark } from '../../core/log/entry-payload.ts';
import type { Frame, WatermarkHint } from '../../core/log/frame.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import { inputChannelKey } from '../../protocol/subtask-vectors.ts';
import { channelWatermark } from '../../protocol/watermark-hint.ts';
import type { DeliveredRecord } from './invocation-input.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { SubtaskProgram } from './subtask-program.ts';
import type { VersionDraft } from './version-draft.ts';
import { recordsIn } from './version-metrics.ts';

const UNTOLD: ChannelWatermark = { watermark: MIN_TIMESTAMP, idle: false, ended: false };

/** What a record holds, and where it came from. */
export interface ArrivedMessage {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly message: Frame | WatermarkHint;
}

export function decodeRecord({ shardId, sequenceNumber, bytes }: DeliveredRecord): ArrivedMessage {
  const message = decodeFrame(bytes, `Record ${sequenceNumber} of ${shardId}`);
  return { shardId, sequenceNumber, message };
}

export class FrameIntake {
  readonly #context: InvocationContext;
  readonly #draft: VersionDraft;
  readonly #program: SubtaskProgram;
  readonly #address: string;

  constructor(context: InvocationContext, draft: VersionDraft, program: SubtaskProgram) {
    this.#context = context;
    this.#draft = draft;
    this.#program = program;
    this.#address = `${context.subtask.vertex}/${context.subtask.subtask}`;
  }

  /** Throws InvariantError if a frame is for somebody else. */
  take({ message, shardId, sequenceNumber }: ArrivedMessage): void {
    if (!this.#context.rules.acceptsRun(this.#context.subtask.run, message.run)) {
      this.#count('numFramesOfOtherRuns');
    } else {
      this.#checkTarget(message);
      if (message.kind === 'hint') this.#takeHint(message);
      else this.takeFrame(message);
    }
    this.#draft.positions.set(shardId, sequenceNumber);
  }

  takeFrame(frame: Frame): void {
    const { rules } = this.#context;
    const { upstream, cseq } = frame;
    const parked = this.#draft.parked(upstream, cseq) !== undefined;
    const decision = rules.classifyFrame({
      cseq,
      consumed: this.#draft.consumedOf(upstream),
      parked,
    });
    if (decision === 'drop') {
      this.#count('numFramesDropped');
    } else if (decision === 'park') {
      this.#count('numFramesParked');
      if (rules.keepsParkedFrames()) this.#draft.park(frame);
    } else {
      if (parked) this.#draft.unpark(frame);
      this.#consume(frame);
      this.#drain(upstream);
    }
  }

  #drain(upstream: string): void {
    for (;;) {
      const next = this.#draft.parked(upstream, this.#draft.consumedOf(upstream) + 1);
      if (next === undefined) return;
      this.#draft.unpark(next);
      this.#consume(next);
    }
  }

  #consume(frame: Frame): void {
    this.#draft.consumed.set(frame.upstream, frame.cseq);
    this.#draft.epochs.push(frame.epoch);
    this.#draft.recordsReceived += recordsIn(frame.runs);
    this.#program.processFrame(frame);
    const channel = inputChannelKey(frame.upstream, frame.edge);
    let { watermark, idle } = this.#draft.watermarkOf(channel) ?? UNTOLD;
    for (const run of frame.runs) {
      watermark = channelWatermark(watermark, run.watermark);
      idle = run.idle;
    }
    this.#tell(channel, { watermark, idle, ended: frame.endOfInput });
  }

  #takeHint(hint: WatermarkHint): void {
    const { afterCseq, upstream, edge } = hint;
    const consumed = this.#draft.consumedOf(upstream);
    if (!this.#context.rules.mayApplyHint({ afterCseq, consumed })) return;
    const channel = inputChannelKey(upstream, edge);
    const current = this.#draft.watermarkOf(channel) ?? UNTOLD;
    // An older hint that was overtaken: what it says of idleness is out of date too.
    if (current.ended || afterCseq < consumed || hint.watermark < current.watermark) return;
    if (hint.watermark === current.watermark && hint.idle === current.idle) return;
    this.#program.processHint(hint);
    this.#tell(channel, { watermark: hint.watermark, idle: hint.idle, ended: false });
  }

  #tell(channel: string, told: ChannelWatermark): void {
    const current = this.#draft.watermarkOf(channel);
    if (current?.watermark === told.watermark && current.idle === told.idle && current.ended === told.ended)
      return;
    this.#draft.watermarks.set(channel, told);
  }

  #checkTarget({ target, upstream }: Frame | WatermarkHint): void {
    if (target === this.#address) return;
    throw new InvariantError(
      'INVARIANT',
      `A frame from ${upstream} for ${target} came to ${subtaskPath(this.#context.subtask)}: its stream ` +
        'was resharded while a run uses it, or it is read by the wrong function.',
    );
  }

  #count(name: string): void {
    const { vertex, subtask } = this.#context.subtask;
    this.#context.metrics.count(`${vertex}/${subtask}`, name, 1);
  }
}
