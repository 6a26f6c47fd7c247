/**
 * Names of the objects that a run stores.
 *
 * 1. Every name holds the nonce of the attempt that wrote it: no name is written twice.
 * 2. A name says which run it belongs to, and a payload, segment or base which versions: garbage collection
 *    decides from names alone.
 */
import { type SubtaskId, subtaskPath } from './subtask-id.ts';

/** Of the dead letters of all runs of a job, which stay when a run is collected. */
export const DEAD_LETTER_PREFIX = 'dead-letters/';

/** Payload of one log item that is too large for the item. */
export function spillName(subtask: SubtaskId, version: number, nonce: string): string {
  return `spill/${subtaskPath(subtask)}/${version}-${nonce}`;
}

/** Log items verbatim; both ends inclusive. */
export function segmentName(
  subtask: SubtaskId,
  range: { readonly fromVersion: number; readonly toVersion: number },
  nonce: string,
): string {
  return `segment/${subtaskPath(subtask)}/${range.fromVersion}-${range.toVersion}-${nonce}`;
}

/** The manifest of a base. */
export function baseName(subtask: SubtaskId, version: number, nonce: string): string {
  return `base/${subtaskPath(subtask)}/${version}-${nonce}`;
}

/**
 * What a chunk of a base holds: any state; keyed state of which a table has all; or the keyed changes of one
 * version, repeated because nobody knows whether the table has them.
 */
export type ChunkContent =
  | { readonly kind: 'state' }
  | { readonly kind: 'rows' }
  | { readonly kind: 'repeated'; readonly version: number };

interface ChunkPlace {
  readonly version: number;
  readonly index: number;
  /** @default any state */
  readonly content?: ChunkContent;
}

/** Chunk number `index` of the state of a base; `nonce` is the base's. */
export function chunkName(
  subtask: SubtaskId,
  { version, index, content }: ChunkPlace,
  nonce: string,
): string {
  const suffixes = { state: '', rows: '-rows', repeated: '-repeated' };
  const of = content?.kind === 'repeated' ? content.version : '';
  const suffix = `${suffixes[content?.kind ?? 'state']}${of}`;
  return `chunk/${subtaskPath(subtask)}/${version}-${nonce}-${index}${suffix}`;
}

/** What the name of a chunk says. */
export function parseChunkName(name: string): ChunkContent {
  if (name.endsWith('-rows')) return { kind: 'rows' };
  const repeated = /-repeated([0-9]+)$/.exec(name);
  return repeated === null ? { kind: 'state' } : { kind: 'repeated', version: Number(repeated[1]) };
}

/** In-flight frames that a restore hands to a subtask. */
export function inboxName(subtask: SubtaskId, index: number, nonce: string): string {
  return `inbox/${subtaskPath(subtask)}/${nonce}-${index}`;
}

/** The manifest of a checkpoint or savepoint. */
export function checkpointName(run: string, n: number, nonce: string): string {
  return `checkpoint/${run}/${n}-${nonce}`;
}

const OBJECT_KINDS = ['spill', 'segment', 'base', 'chunk', 'inbox', 'checkpoint'] as const;

/** Prefixes under which the objects of a run lie. */
export function runPrefixes(run: string): readonly string[] {
  return OBJECT_KINDS.map((kind) => `${kind}/${run}/`);
}

/** What the name of a spilled payload says; undefined for other names. */
export function parseSpillName(
  name: string,
): { readonly subtask: string; readonly version: number } | undefined {
  const match = /^spill\/(.+)\/([0-9]+)-[^/]*$/.exec(name);
  return match === null ? undefined : { subtask: match[1]!, version: Number(match[2]) };
}

/** `run/vertex/subtask` whose inbox the object belongs to; undefined for other names. */
export function parseInboxName(name: string): string | undefined {
  return /^inbox\/(.+)\/[^/]+$/.exec(name)?.[1];
}
