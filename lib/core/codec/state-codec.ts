/** Internal snapshot format: state of a subtask as a row of chunks, each an object of its own. */
import type { OperatorDelta } from '../log/state-delta.ts';
import { columnReader, columnWriter } from './column-set.ts';
import { readDeltas } from './delta-reader.ts';
import { writeDeltas } from './delta-writer.ts';
import { seal, unseal } from './envelope.ts';

/** Throws UserError STATE_VALUE_INVALID for a value that is not data. */
export function encodeStateChunk(deltas: readonly OperatorDelta[]): Uint8Array<ArrayBuffer> {
  return seal('chunk', (body) => {
    writeDeltas(columnWriter(body, 'State'), deltas);
  });
}

/** `where` names the chunk in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeStateChunk(bytes: Uint8Array, where = 'A state chunk'): readonly OperatorDelta[] {
  return unseal('chunk', bytes, { where, read: (body) => readDeltas(columnReader(body)) });
}
