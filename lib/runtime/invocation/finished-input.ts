/**
 * What comes to a subtask whose log is finished.
 *
 * 1. (I13) A frame that was consumed before, a hint, and what is of another run ask for nothing any more, and
 *    no version follows whose position could pass them: they are processed as they are.
 * 2. (I8) A record of a shard that no position has passed was consumed by nobody. It is never reported as
 *    processed, however the source ended: it may be the first of a shard that the run does not know.
 */
import { decodeFrame } from '../../core/codec/frame-codec.ts';
import { InvariantError, RetryableError, type StreamError } from '../../core/errors.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import type { SubtaskVectors } from '../../protocol/subtask-vectors.ts';
import type { DeliveredRecord } from './invocation-input.ts';
import type { InvocationContext } from './invocation-ports.ts';
import type { InputKind } from './version-maker.ts';

/** True for a record of a stream of frames from which a finished subtask would learn nothing. */
export function isRepeated(
  { rules, subtask }: InvocationContext,
  vectors: SubtaskVectors,
  { bytes, sequenceNumber, shardId }: DeliveredRecord,
): boolean {
  const message = decodeFrame(bytes, `Record ${sequenceNumber} of ${shardId}`);
  if (!rules.acceptsRun(subtask.run, message.run)) return true;
  if (message.target !== `${subtask.vertex}/${subtask.subtask}`) return false;
  if (message.kind === 'hint') return true;
  const consumed = vectors.consumed.get(message.upstream) ?? 0;
  return rules.classifyFrame({ cseq: message.cseq, consumed, parked: false }) === 'drop';
}

/** Why a record that came behind the end is not taken. */
export function refusalOf(
  { subtask }: InvocationContext,
  { sequenceNumber, shardId }: DeliveredRecord,
  kind: InputKind,
): StreamError {
  const what = `Record ${sequenceNumber} of ${shardId} came behind the end of ${subtaskPath(subtask)}`;
  if (kind === 'frames') {
    return new InvariantError('INVARIANT', `${what} and is no frame that it has consumed.`);
  }
  return new RetryableError(
    'IO_FAILED',
    `${what}, all of whose shards have been read to their ends. Stop delivering to it, or restore the job ` +
      'in a new run that reads this shard.',
  );
}
