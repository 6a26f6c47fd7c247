/**
 * Sends what versions have produced.
 *
 * 1. (I5) Only frames in the log are sent, with the bytes in the log.
 * 2. (I4) All frames of all versions that are not known to be acknowledged go in one call; what failed goes
 *    again, in any order: receivers put frames in order (I6).
 * 3. (I14) Hints go behind the frames; whether they arrive is nobody's business.
 */
import { encodeFrame } from '../../core/codec/frame-codec.ts';
import { InvariantError, RetryableError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OutgoingFrame } from '../../core/log/entry-payload.ts';
import type { OutgoingRecord, SendOutcome } from '../../ports/stream-transport.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { Replica } from './replica.ts';

/** Afterwards everything in the log is acknowledged. Throws RetryableError IO_FAILED. */
export async function sendUnsent(context: InvocationContext, replica: Replica): Promise<void> {
  const { vectors } = replica;
  const frames = vectors.unsent
    .filter(({ version }) => context.rules.mustResend(version, replica.acknowledgedThrough))
    .flatMap((entry) => entry.frames);
  const hints = replica.hints;
  replica.hints = [];
  await sendFrames(context, frames, hintRecords(context, replica, hints));
  replica.acknowledgedThrough = vectors.version;
}

/** Tells watermarks without a frame. */
export async function sendHints(
  context: InvocationContext,
  replica: Replica,
  hints: Replica['hints'],
): Promise<void> {
  await sendFrames(context, [], hintRecords(context, replica, hints));
}

/** Returns when every frame is acknowledged. */
export async function sendFrames(
  context: InvocationContext,
  frames: readonly OutgoingFrame[],
  hints: readonly OutgoingRecord[] = [],
): Promise<void> {
  const { run } = context.subtask;
  let waiting: readonly OutgoingRecord[] = frames.map(({ target, bytes }) => ({ run, target, bytes }));
  if (waiting.length === 0 && hints.length === 0) return;
  let reason = '';
  for (let attempt = 0; attempt < LIMITS.invocationTriesMax; attempt++) {
    const tail = attempt === 0 ? hints : [];
    const outcomes = await attemptSend(context, [...waiting, ...tail]);
    waiting = waiting.filter((record, i) => !isAcknowledged(context, record, outcomes[i]));
    if (waiting.length === 0) return;
    reason = reasonOf(outcomes);
    await pause(context, attempt);
  }
  throw new RetryableError(
    'IO_FAILED',
    `${waiting.length} frames could not be sent in ${LIMITS.invocationTriesMax} tries: ${reason}`,
  );
}

/** No outcomes if nothing is known. */
async function attemptSend(
  { transport }: InvocationContext,
  records: readonly OutgoingRecord[],
): Promise<readonly SendOutcome[]> {
  try {
    return await transport.send(records);
  } catch (error) {
    if (error instanceof RetryableError) return [];
    throw error;
  }
}

function isAcknowledged(
  { rules }: InvocationContext,
  { target }: OutgoingRecord,
  outcome: SendOutcome | undefined,
): boolean {
  if (outcome?.kind !== 'sent') return false;
  if (rules.deliveredAsMeant(target, outcome.deliveredTo)) return true;
  throw new InvariantError(
    'INVARIANT',
    `A frame for ${target} was taken by the stream of ${outcome.deliveredTo}: a stream was resharded while ` +
      'a run uses it. Stop the run with a savepoint and restore it.',
  );
}

function reasonOf(outcomes: readonly SendOutcome[]): string {
  const failed = outcomes.find((outcome) => outcome.kind === 'failed');
  return failed?.kind === 'failed' ? failed.reason : 'the outcome is unknown';
}

async function pause({ clock, random }: InvocationContext, attempt: number): Promise<void> {
  await clock.sleep(LIMITS.sendPauseMs * 2 ** attempt * (0.5 + random.next() / 2));
}

function hintRecords(
  { subtask }: InvocationContext,
  { vectors }: Replica,
  hints: Replica['hints'],
): readonly OutgoingRecord[] {
  const { run, vertex } = subtask;
  const upstream = `${vertex}/${subtask.subtask}`;
  return hints.map(({ target, edge, watermark, idle }) => {
    const afterCseq = vectors.produced.get(target) ?? 0;
    const hint = { kind: 'hint', run, upstream, target, edge, afterCseq, watermark, idle } as const;
    return { run, target, bytes: encodeFrame(hint) };
  });
}
