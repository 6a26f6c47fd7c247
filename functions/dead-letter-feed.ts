/**
 * Feeds dead letters to their job again, as new records of the stream that its source reads.
 *
 * 1. Event source mappings never give up, so no batch is left for anybody to retry: what is kept is single
 *    records that the job itself refused.
 * 2. Only a source keeps records as they came. What another operator refused is fed only to a source that is
 *    named, by somebody who knows that it reads such records.
 * 3. The object goes after the record is in the stream: a letter is fed at least once and never lost. What is
 *    refused again is a new letter.
 */

import type { Deployment } from '../lib/core/deployment.ts';
import { UserError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { ObjectStore } from '../lib/ports/object-store.ts';
import { type StoredLetter, storedDeadLetters } from './dead-letter-objects.ts';

export interface RetryRequest {
  /** Only letters of this vertex. @default - letters of all vertices */
  readonly vertex?: string;
  /** Only letters of this operator, by uid or name. @default - letters of sources */
  readonly operator?: string;
  /** Uid or name of the source to feed. @default - the operator */
  readonly source?: string;
  /** Letters to be fed. @default as many as one call reads: LIMITS.deadLettersReadMax */
  readonly limit?: number;
}

export interface RetryReport {
  readonly fed: number;
  readonly kept: number;
  /** Some of what is kept. */
  readonly reasons: readonly { readonly name: string; readonly reason: string }[];
  /** Not all letters were looked at. */
  readonly more: boolean;
}

export interface DeadLetterPorts {
  readonly objects: ObjectStore;
  readonly bindings: Deployment['bindings'];
  /** Puts records into a stream, at least once. */
  readonly send: (stream: string, records: readonly string[]) => Promise<void>;
}

/** Of UTF-8. */
const CHARACTER_BYTES_MAX = 4;

interface Feed {
  readonly stream: string;
  readonly letter: StoredLetter;
}

/** Throws UserError ARGUMENT_INVALID for what cannot be asked, RetryableError IO_FAILED. */
export async function feedDeadLetters(ports: DeadLetterPorts, request: RetryRequest): Promise<RetryReport> {
  const limit = checkedLimit(request);
  const kept: { name: string; reason: string }[] = [];
  const waiting: Feed[] = [];
  let [read, fed, more] = [0, 0, false];
  for await (const letter of storedDeadLetters(ports.objects, request.vertex)) {
    more = read === LIMITS.deadLettersReadMax || fed + waiting.length === limit;
    if (more) break;
    read++;
    if (request.operator !== undefined && letter.operator !== request.operator) continue;
    const stream = streamFor(ports, request, letter);
    const lost = lossOf(letter);
    if (stream === undefined) kept.push({ name: letter.name, reason: 'no source of a stream reads it' });
    else if (lost !== undefined) kept.push({ name: letter.name, reason: lost });
    else waiting.push({ stream, letter });
    if (waiting.length === LIMITS.deadLettersFedTogether) fed += await feed(ports, waiting.splice(0));
  }
  fed += await feed(ports, waiting);
  return { fed, kept: kept.length, reasons: kept.slice(0, LIMITS.deadLettersNamedMax), more };
}

async function feed({ objects, send }: DeadLetterPorts, feeds: readonly Feed[]): Promise<number> {
  for (const [stream, ofOne] of Map.groupBy(feeds, (each) => each.stream)) {
    await send(
      stream,
      ofOne.map(({ letter }) => letter.raw),
    );
    await objects.delete(ofOne.map(({ letter }) => letter.name));
  }
  return feeds.length;
}

function streamFor(
  { bindings }: DeadLetterPorts,
  { source }: RetryRequest,
  { operator }: StoredLetter,
): string | undefined {
  const binding = bindings[source ?? operator];
  return binding?.kind === 'kinesis-source' ? binding.stream : undefined;
}

/** What a letter has lost of its record, if it has. */
function lossOf({ code, raw }: StoredLetter): string | undefined {
  if (code === 'RECORD_ENCODING') return 'its bytes were no text';
  // Where a text is cut, the rest of a character may be left out.
  const whole = Buffer.byteLength(raw) < LIMITS.deadLetterRawBytesMax - CHARACTER_BYTES_MAX;
  return whole ? undefined : 'only its beginning is kept';
}

function checkedLimit({ limit = LIMITS.deadLettersReadMax, operator, source }: RetryRequest): number {
  if (source !== undefined && operator === undefined) {
    throw new UserError(
      'ARGUMENT_INVALID',
      `Name the operator whose dead letters source '${source}' is to read, as "operator".`,
    );
  }
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMITS.deadLettersReadMax) return limit;
  throw new UserError(
    'ARGUMENT_INVALID',
    `limit is ${limit}; it is a whole number from 1 to ${LIMITS.deadLettersReadMax}.`,
  );
}
