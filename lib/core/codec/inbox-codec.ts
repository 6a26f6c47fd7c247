/** In-flight frames of the run before, as bytes: one object of an inbox. */
import type { Frame } from '../log/frame.ts';
import { columnReader, columnWriter } from './column-set.ts';
import { seal, unseal } from './envelope.ts';
import { readFrame, writeFrame } from './frame-codec.ts';

/** Throws UserError STATE_VALUE_INVALID for a record that is not data. */
export function encodeInbox(frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  return seal('inbox', (body) => {
    const columns = columnWriter(body, 'A record in flight');
    columns.count(frames.length);
    for (const frame of frames) writeFrame(columns, frame);
  });
}

/** `where` names the object in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeInbox(bytes: Uint8Array, where = 'An inbox'): readonly Frame[] {
  return unseal('inbox', bytes, {
    where,
    read: (body) => {
      const columns = columnReader(body);
      return columns.list(() => readFrame(columns));
    },
  });
}
