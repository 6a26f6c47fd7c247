/**
 * The manifest of a savepoint, format v1: what is in it and where. docs/savepoint-format.md describes it.
 *
 * 1. It is written last: a folder without it is no savepoint.
 * 2. Names of objects are relative to the folder, so that a copy of the folder is the same savepoint.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../core/errors.ts';
import type { StateKind } from '../core/state.ts';

/** Name of the manifest in the folder of a savepoint. */
export const MANIFEST_NAME = 'manifest.json';

const FORMAT = 'millrace-savepoint';
const VERSION = 1;

/** An operator whose state is in a savepoint. */
export interface SavepointOperator {
  /** uid, or `#` and the number in the plan of an operator without one. */
  readonly id: string;
  /** As a plan names it. */
  readonly kind: string;
  readonly name: string;
  /** Of a source or sink; null for everything else. */
  readonly connector: string | null;
}

export interface SavepointObject {
  /** Relative to the folder of the savepoint. */
  readonly name: string;
  readonly bytes: number;
  /** Of the bytes, in hex. */
  readonly sha256: string;
}

export interface SavepointSubtask {
  /** First and last key group, both inclusive. */
  readonly keyGroups: readonly [first: number, last: number];
  /** Chunks of state, to be read in this order. */
  readonly objects: readonly SavepointObject[];
}

export interface SavepointVertex {
  readonly id: string;
  readonly maxParallelism: number;
  readonly operators: readonly SavepointOperator[];
  /** By index. */
  readonly subtasks: readonly SavepointSubtask[];
}

/** Where a source goes on, for people. */
export interface SourcePosition {
  readonly operator: string;
  readonly connector: string;
  /** A line for each split; empty if nothing is being read. */
  readonly position: readonly string[];
}

/** A keyed state of an operator. */
export interface StateDescription {
  readonly operator: string;
  readonly name: string;
  readonly kind: StateKind;
  readonly keys: number;
  /** Values, elements or entries. */
  readonly values: number;
  /** Shape of the keys, as a type of TypeScript. */
  readonly keyType: string;
  readonly valueType: string;
}

export interface SavepointManifest {
  readonly job: string;
  /** Unit: ms since the epoch. */
  readonly createdAt: number;
  readonly vertices: readonly SavepointVertex[];
  readonly sources: readonly SourcePosition[];
  readonly states: readonly StateDescription[];
}

export function encodeManifest(manifest: SavepointManifest): Uint8Array {
  const { createdAt, ...rest } = manifest;
  const body = { format: FORMAT, version: VERSION, createdAt: new Date(createdAt).toISOString(), ...rest };
  const text = JSON.stringify({ ...body, sha256: hashOf(JSON.stringify(body)) }, undefined, 2);
  return new TextEncoder().encode(`${text}\n`);
}

/** `where` names the savepoint in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeManifest(bytes: Uint8Array, where: string): SavepointManifest {
  const { sha256, ...body } = parse(bytes, where);
  if (body.format !== FORMAT) throw corrupt(where, `${MANIFEST_NAME} is not the manifest of a savepoint`);
  if (body.version !== VERSION) {
    throw new UserError(
      'STATE_FORMAT_UNSUPPORTED',
      `The savepoint ${where} has format ${String(body.version)}, and this release reads ${VERSION}. ` +
        'Use the release that wrote it, or a later one.',
      { context: { location: where } },
    );
  }
  if (sha256 !== hashOf(JSON.stringify(body))) throw corrupt(where, `${MANIFEST_NAME} has been changed`);
  const { format: _format, version: _version, createdAt, ...rest } = body;
  // Its hash is right: it is as `encodeManifest` has written it.
  return { ...rest, createdAt: Date.parse(String(createdAt)) } as SavepointManifest;
}

/** Throws UserError STATE_CORRUPT unless `bytes` are those of `object`. */
export function requireIntact(
  object: SavepointObject,
  bytes: Uint8Array | undefined,
  where: string,
): Uint8Array {
  if (bytes === undefined) throw corrupt(where, `the object ${object.name} is missing`);
  if (bytes.length !== object.bytes || hashOf(bytes) !== object.sha256) {
    throw corrupt(where, `the object ${object.name} has been changed`);
  }
  return bytes;
}

export function hashOf(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function parse(bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw corrupt(where, `${MANIFEST_NAME} is not JSON`);
}

function corrupt(where: string, what: string): UserError {
  return new UserError(
    'STATE_CORRUPT',
    `The savepoint ${where} is damaged: ${what}. Copy its folder once more from where it was taken, or use ` +
      'another savepoint.',
    { context: { location: where } },
  );
}
