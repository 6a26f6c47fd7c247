/**
 * Makes a log item of a draft.
 *
 * 1. (I5) Frames are encoded here, once: the bytes in the item are those that every send has.
 * 2. (I4) The item says what is sent: everything before it, and itself too if it produced nothing.
 */
import { encodeFrame } from '../../core/codec/frame-codec.ts';
import { RecordError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryPayload, OutgoingFrame, SinkIntent } from '../../core/log/entry-payload.ts';
import type { FrameRun } from '../../core/log/frame.ts';
import type { LogItem } from '../../core/log/log-item.ts';
import { spillName } from '../../core/log/paths.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import { storePayload } from '../../ports/stored-objects.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { ReadEntry } from './subtask-loader.ts';
import type { FrameDraft } from './subtask-program.ts';
import type { VersionDraft } from './version-draft.ts';
import { dueOf } from './version-due.ts';

/** Number and epoch of the version that a draft becomes. */
interface VersionPlace {
  readonly version: number;
  readonly epoch: number;
}

/**
 * The item that puts the draft behind the vectors; a large payload is stored before (an orphan if the put is
 * lost).
 */
export async function encodeVersion(
  context: InvocationContext,
  draft: VersionDraft,
  { nonce, acknowledgedThrough }: { readonly nonce: string; readonly acknowledgedThrough: number },
): Promise<ReadEntry> {
  const { vectors } = draft;
  const { rules } = context;
  const place = { version: vectors.version + 1, epoch: rules.epochOf(vectors.epoch, draft.epochs) };
  const payload = payloadOf(context, draft, place);
  const spill = spillName(context.subtask, place.version, rules.isSpillOfAttempt() ? nonce : 'shared');
  const item: LogItem = {
    ...place,
    writer: nonce,
    kind: draft.finishes ? 'seal' : 'data',
    ...(draft.finishes ? { seal: 'finished' } : {}),
    sentThrough: rules.sentThroughOf(
      { version: vectors.version, acknowledgedThrough },
      payload.outbox.length,
    ),
    processingTime: draft.processingTime,
    code: context.code,
    due: dueOf(draft),
    inboxPending: inboxPendingAfter(draft),
    payload: await storePayload(context.objects, payload, spill),
  };
  return { item, payload };
}

function payloadOf(context: InvocationContext, draft: VersionDraft, place: VersionPlace): EntryPayload {
  const outbox = encodeFrames(context, draft, place);
  const produced: Record<string, number> = {};
  for (const { target, cseq } of outbox) produced[target] = cseq;
  return {
    operators: draft.changes.operators,
    positions: Object.fromEntries(draft.positions),
    consumed: Object.fromEntries(draft.consumed),
    watermarks: Object.fromEntries(draft.watermarks),
    produced,
    parked: { added: [...draft.parkedAdded.values()], removed: [...draft.parkedRemoved.values()] },
    inbox: undefined,
    inboxConsumed: draft.inboxConsumed,
    outbox,
    intents: intentsOf(context, draft, place),
    performed: draft.performed,
  };
}

/** (I16) The id of an effect names its version: the same in every attempt to perform it. */
function intentsOf(
  { subtask, lineage }: InvocationContext,
  { changes }: VersionDraft,
  { version }: VersionPlace,
): readonly SinkIntent[] {
  const prefix = `${lineage}/${subtaskPath(subtask)}/${version}`;
  return changes.effects.map((effect, index) => ({ ...effect, id: `${prefix}/${index}` }));
}

function encodeFrames(
  context: InvocationContext,
  { changes, vectors }: VersionDraft,
  place: VersionPlace,
): readonly OutgoingFrame[] {
  const { run, vertex, subtask } = context.subtask;
  const upstream = `${vertex}/${subtask}`;
  const last = new Map<string, number>();
  const frames: OutgoingFrame[] = [];
  for (const whole of changes.frames) {
    const pending = [whole];
    for (let draft = pending.pop(); draft !== undefined; draft = pending.pop()) {
      const { target, edge, endOfInput, runs } = draft;
      const cseq = (last.get(target) ?? vectors.produced.get(target) ?? 0) + 1;
      const head = { kind: 'frame', run, upstream, target, edge, cseq, endOfInput, runs } as const;
      const bytes = encodeFrame({ ...head, ...place });
      if (bytes.length > LIMITS.frameBytesMax) {
        const [front, back] = halvesOf(draft, bytes.length);
        pending.push(back, front);
        continue;
      }
      last.set(target, cseq);
      frames.push({ target, cseq, bytes });
    }
  }
  return frames;
}

/** Throws RecordError RECORD_TOO_LONG if a single record is left. */
function halvesOf(draft: FrameDraft, bytes: number): readonly [FrameDraft, FrameDraft] {
  const total = draft.runs.reduce((sum, run) => sum + run.records.length, 0);
  if (total < 2) {
    throw new RecordError(
      'RECORD_TOO_LONG',
      `A record to ${draft.target} has ${bytes} bytes; at most ${LIMITS.frameBytesMax} can be sent.`,
    );
  }
  const front: FrameRun[] = [];
  const back: FrameRun[] = [];
  let room = total >> 1;
  for (const run of draft.runs) {
    const taken = Math.min(room, run.records.length);
    if (room > 0) front.push({ ...run, records: run.records.slice(0, taken) });
    if (taken < run.records.length || room === 0) back.push({ ...run, records: run.records.slice(taken) });
    room -= taken;
  }
  return [
    { ...draft, endOfInput: false, runs: front },
    { ...draft, runs: back },
  ];
}

function inboxPendingAfter({ vectors, inboxConsumed }: VersionDraft): boolean {
  const { inbox } = vectors;
  return inbox !== undefined && (inboxConsumed ?? vectors.inboxConsumed) < inbox.frames;
}
