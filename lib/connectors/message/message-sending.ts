/** Sends messages in as few requests as their service allows, and repeats what is refused. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** What one request may hold. */
export interface RequestLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

/** A message that was not taken. */
export interface Refusal<E> {
  readonly entry: E;
  readonly reason: string;
  /** Sending it again will not help. */
  readonly lasting: boolean;
}

export interface MessageRequests<E> {
  /** Name of the target, for errors. */
  readonly target: string;
  readonly limits: RequestLimits;
  readonly bytesOf: (entry: E) => number;
  /** One request; answers what was not taken. */
  readonly send: (entries: readonly E[]) => Promise<readonly Refusal<E>[]>;
}

/**
 * Sends all entries, each at least once. What is refused goes behind the others: the order of messages is
 * that of their records only while the service takes all of them.
 *
 * Throws RetryableError IO_FAILED when some are refused again and again, UserError AWS_REFUSED when sending
 * them again will not help.
 */
export async function sendMessages<E>(
  entries: readonly E[],
  { target, limits, bytesOf, send }: MessageRequests<E>,
): Promise<void> {
  let waiting = entries;
  for (let attempt = 1; ; attempt++) {
    const refused: Refusal<E>[] = [];
    for (const request of requestsOf(waiting, limits, bytesOf)) refused.push(...(await send(request)));
    const [first] = refused;
    if (first === undefined) return;
    const lasting = refused.find((refusal) => refusal.lasting);
    if (lasting !== undefined)
      throw new UserError('AWS_REFUSED', `${target} refuses a message: ${lasting.reason}.`);
    if (attempt >= LIMITS.invocationTriesMax) {
      throw new RetryableError(
        'IO_FAILED',
        `${target} refuses ${refused.length} of ${entries.length} messages: ${first.reason}. They are sent ` +
          'again; give the target more throughput if this lasts.',
      );
    }
    await sleep(LIMITS.sendPauseMs * 2 ** (attempt - 1));
    waiting = refused.map(({ entry }) => entry);
  }
}

/** Cuts entries in order, each request as large as it may be. */
function requestsOf<E>(
  entries: readonly E[],
  { messagesMax, bytesMax }: RequestLimits,
  bytesOf: (entry: E) => number,
): readonly (readonly E[])[] {
  const requests: E[][] = [];
  let request: E[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOf(entry);
    if (request.length === messagesMax || (request.length > 0 && bytes + size > bytesMax)) {
      requests.push(request);
      request = [];
      bytes = 0;
    }
    request.push(entry);
    bytes += size;
  }
  if (request.length > 0) requests.push(request);
  return requests;
}
