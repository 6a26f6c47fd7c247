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

type KeyOf<E> = (entry: E) => string;

export interface MessageRequests<E> {
  /** Name of the target, for errors. */
  readonly target: string;
  readonly limits: RequestLimits;
  readonly bytesOf: (entry: E) => number;
  /** One request; answers what was not taken. */
  readonly send: (entries: readonly E[]) => Promise<readonly Refusal<E>[]>;
  /**
   * What is refused is followed by all that has the same key, even if that was taken: whoever reads them ends
   * with the last one.
   * @default - only what is refused is sent again
   */
  readonly keyOf?: KeyOf<E>;
}

/**
 * Sends all entries, each at least once, one request after the other. Nothing of a request is sent before all
 * of the one before it is taken.
 *
 * Throws RetryableError IO_FAILED when a request is refused again and again without a message that is taken,
 * UserError AWS_REFUSED when sending it again will not help.
 */
export async function sendMessages<E>(entries: readonly E[], requests: MessageRequests<E>): Promise<void> {
  for (const request of requestsOf(entries, requests)) await sendRequest(request, requests);
}

async function sendRequest<E>(
  request: readonly E[],
  { target, send, keyOf }: MessageRequests<E>,
): Promise<void> {
  let waiting = request;
  let fruitless = 0;
  for (;;) {
    const refused = await send(waiting);
    const [first] = refused;
    if (first === undefined) return;
    const lasting = refused.find((refusal) => refusal.lasting);
    if (lasting !== undefined) throw lastingRefusal(target, lasting.reason);
    const left = entriesLeft(waiting, { refused, keyOf });
    fruitless = left.length < waiting.length ? 1 : fruitless + 1;
    if (fruitless >= LIMITS.invocationTriesMax) {
      throw new RetryableError(
        'IO_FAILED',
        `${target} refuses ${refused.length} of ${request.length} messages: ${first.reason}. They are sent ` +
          'again; give the target more throughput if this lasts.',
      );
    }
    await sleep(LIMITS.sendPauseMs * 2 ** (fruitless - 1));
    waiting = left;
  }
}

function lastingRefusal(target: string, reason: string): UserError {
  return new UserError(
    'AWS_REFUSED',
    `${target} refuses a message: ${reason}. Nothing behind it is sent: change the target so that it takes ` +
      'the message.',
  );
}

/** What is to be sent again, in order. */
function entriesLeft<E>(
  entries: readonly E[],
  { refused, keyOf }: { readonly refused: readonly Refusal<E>[]; readonly keyOf: KeyOf<E> | undefined },
): readonly E[] {
  const left = new Set(refused.map(({ entry }) => entry));
  if (keyOf === undefined) return entries.filter((entry) => left.has(entry));
  const keys = new Set<string>();
  return entries.filter((entry) => {
    const key = keyOf(entry);
    if (left.has(entry)) keys.add(key);
    return keys.has(key);
  });
}

/** Cuts entries in order, each request as large as it may be. */
function requestsOf<E>(
  entries: readonly E[],
  { limits: { messagesMax, bytesMax }, bytesOf }: MessageRequests<E>,
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
