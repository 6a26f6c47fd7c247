/** The payload of a log item as bytes. */
import type { EntryPayload } from '../log/entry-payload.ts';
import type { ColumnReader } from './column-reader.ts';
import { columnReader, columnWriter } from './column-set.ts';
import type { ColumnWriter } from './column-writer.ts';
import { readDeltas } from './delta-reader.ts';
import { writeDeltas } from './delta-writer.ts';
import { seal, unseal } from './envelope.ts';
import { readFrame, writeFrame } from './frame-codec.ts';
import {
  readCounters,
  readInbox,
  readIntents,
  readOutbox,
  readPositions,
  readWatermarks,
  writeInbox,
  writeIntents,
  writeOutbox,
  writeVector,
  writeWatermarks,
} from './vectors.ts';

/** Throws UserError STATE_VALUE_INVALID for a value that is not data. */
export function encodeEntry(payload: EntryPayload): Uint8Array<ArrayBuffer> {
  return seal('entry', (body) => {
    const columns = columnWriter(body, 'A log entry');
    writeDeltas(columns, payload.operators);
    columns.where = 'A log entry';
    writeVector(columns, payload.positions);
    writeVector(columns, payload.consumed);
    writeWatermarks(columns, payload.watermarks);
    writeVector(columns, payload.produced);
    writeParked(columns, payload.parked);
    writeInbox(columns, payload.inbox);
    columns.value(payload.inboxConsumed);
    writeOutbox(columns, payload.outbox);
    writeIntents(columns, payload.intents);
    columns.count(payload.performed.length);
    columns.values(payload.performed);
  });
}

/** `where` names the entry in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeEntry(bytes: Uint8Array, where = 'A log entry'): EntryPayload {
  return unseal('entry', bytes, {
    where,
    read: (body) => {
      const columns = columnReader(body);
      return {
        operators: readDeltas(columns),
        positions: readPositions(columns),
        consumed: readCounters(columns),
        watermarks: readWatermarks(columns),
        produced: readCounters(columns),
        parked: readParked(columns),
        inbox: readInbox(columns),
        inboxConsumed: columns.optionalNumber(),
        outbox: readOutbox(columns),
        intents: readIntents(columns),
        performed: columns.texts(columns.count()),
      };
    },
  });
}

function writeParked(columns: ColumnWriter, { added, removed }: EntryPayload['parked']): void {
  columns.count(added.length);
  for (const frame of added) writeFrame(columns, frame);
  columns.count(removed.length);
  columns.values(removed.map((frame) => frame.upstream));
  columns.values(removed.map((frame) => frame.cseq));
}

function readParked(columns: ColumnReader): EntryPayload['parked'] {
  const added = columns.list(() => readFrame(columns));
  const count = columns.count();
  const upstreams = columns.texts(count);
  const removed = columns.numbers(count).map((cseq, i) => ({ upstream: upstreams[i]!, cseq }));
  return { added, removed };
}
