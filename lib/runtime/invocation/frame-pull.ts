/**
 * Fetches frames that a stream has lost, or does not bring, from the log of their sender: the log is the
 * truth, the stream only a way.
 */
import { decodeFrame } from '../../core/codec/frame-codec.ts';
import { InvariantError } from '../../core/errors.ts';
import type { OutgoingFrame } from '../../core/log/entry-payload.ts';
import type { Frame } from '../../core/log/frame.ts';
import type { BaseRecord } from '../../core/log/log-item.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import {
  MissingObjectError,
  persistently,
  readBaseManifest,
  readPayload,
  readSegment,
} from '../../ports/stored-objects.ts';
import type { InvocationContext } from './invocation-ports.ts';
import { readTail } from './subtask-loader.ts';

/** Frames of one channel; both ends inclusive. */
export interface MissingFrames {
  /** `vertex/subtask`. */
  readonly upstream: string;
  readonly firstCseq: number;
  readonly lastCseq: number;
}

/** The frames that the log of the sender still has, in order. */
export async function pullFrames(
  context: InvocationContext,
  missing: MissingFrames,
): Promise<readonly Frame[]> {
  const { log, objects } = context;
  const sender = senderOf(context.subtask.run, missing.upstream);
  const found = new Map<number, Frame>();
  const wanted = new FrameFilter(context, missing, found);
  const base = await persistently(() => log.readBase(sender));
  try {
    if (base !== undefined) await searchSegments(objects, base, wanted);
    await readRecent({ ...context, subtask: sender }, (base?.version ?? 0) + 1, wanted);
  } catch (error) {
    // The base has moved: the next attempt finds the rest where it is now.
    if (!(error instanceof MissingObjectError)) throw error;
  }
  return [...found.values()].sort((a, b) => a.cseq - b.cseq);
}

async function searchSegments(objects: ObjectStore, base: BaseRecord, wanted: FrameFilter): Promise<void> {
  const { segments } = await readBaseManifest(objects, base.manifest);
  for (const segment of segments.toReversed()) {
    if (wanted.isComplete) return;
    const items = await readSegment(objects, segment);
    for (const item of items) wanted.offer((await readPayload(objects, item)).outbox);
  }
}

/** An overrun ends the search: the next attempt finds the frames in a segment. */
async function readRecent(context: InvocationContext, from: number, wanted: FrameFilter): Promise<void> {
  let next = from;
  while (!wanted.isComplete) {
    const tail = await readTail(context, next);
    if (tail === 'overrun') return;
    for (const { payload } of tail.entries) wanted.offer(payload.outbox);
    next += tail.entries.length;
    if (tail.atHead) return;
  }
}

class FrameFilter {
  readonly #address: string;
  readonly #missing: MissingFrames;
  readonly #found: Map<number, Frame>;

  constructor({ subtask }: InvocationContext, missing: MissingFrames, found: Map<number, Frame>) {
    this.#address = `${subtask.vertex}/${subtask.subtask}`;
    this.#missing = missing;
    this.#found = found;
  }

  get isComplete(): boolean {
    return this.#found.size === this.#missing.lastCseq - this.#missing.firstCseq + 1;
  }

  offer(outbox: readonly OutgoingFrame[]): void {
    const { firstCseq, lastCseq } = this.#missing;
    for (const { target, cseq, bytes } of outbox) {
      if (target !== this.#address || cseq < firstCseq || cseq > lastCseq) continue;
      const frame = decodeFrame(bytes, `Frame ${cseq} of ${this.#missing.upstream}`);
      if (frame.kind === 'frame') this.#found.set(cseq, frame);
    }
  }
}

function senderOf(run: string, upstream: string): SubtaskId {
  const slash = upstream.lastIndexOf('/');
  const subtask = Number(upstream.slice(slash + 1));
  if (slash < 1 || !Number.isInteger(subtask)) {
    throw new InvariantError('INVARIANT', `'${upstream}' does not name a subtask.`);
  }
  return { run, vertex: upstream.slice(0, slash), subtask };
}
