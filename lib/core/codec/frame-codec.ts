/** Frames and watermark hints as bytes. A frame is encoded once: every send of it has the same bytes (I5). */
import type { Frame, FrameRecord, FrameRun, WatermarkHint } from '../log/frame.ts';
import type { ColumnReader } from './column-reader.ts';
import { columnReader, columnWriter } from './column-set.ts';
import type { ColumnWriter } from './column-writer.ts';
import { seal, unseal } from './envelope.ts';

const FRAME = 0;
const HINT = 1;

/** Throws UserError STATE_VALUE_INVALID for a record that is not data. */
export function encodeFrame(frame: Frame | WatermarkHint): Uint8Array<ArrayBuffer> {
  return seal('frame', (body) => {
    const columns = columnWriter(body, `A record from ${frame.upstream} to ${frame.target}`);
    body.u8(frame.kind === 'frame' ? FRAME : HINT);
    if (frame.kind === 'frame') writeFrame(columns, frame);
    else writeHint(columns, frame);
  });
}

/** Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeFrame(bytes: Uint8Array, where = 'A frame'): Frame | WatermarkHint {
  return unseal('frame', bytes, {
    where,
    read: (body) => {
      const columns = columnReader(body);
      const kind = body.u8();
      if (kind > HINT) throw new RangeError(`the kind ${kind} of a frame`);
      return kind === FRAME ? readFrame(columns) : readHint(columns);
    },
  });
}

/** The frame without an envelope, as entries and manifests hold parked ones. */
export function writeFrame(columns: ColumnWriter, frame: Frame): void {
  columns.value(frame.run);
  columns.value(frame.upstream);
  columns.value(frame.target);
  columns.value(frame.edge);
  columns.value(frame.cseq);
  columns.value(frame.version);
  columns.value(frame.epoch);
  columns.value(frame.endOfInput);
  columns.count(frame.runs.length);
  columns.values(frame.runs.map((run) => run.watermark));
  columns.values(frame.runs.map((run) => run.idle));
  for (const run of frame.runs) columns.count(run.records.length);
  const records = frame.runs.flatMap((run) => run.records);
  columns.values(records.map((record) => record.keyGroup));
  columns.values(records.map((record) => record.timestamp));
  columns.values(records.map((record) => record.value));
}

export function readFrame(columns: ColumnReader): Frame {
  return {
    kind: 'frame',
    run: columns.text(),
    upstream: columns.text(),
    target: columns.text(),
    edge: columns.text(),
    cseq: columns.number(),
    version: columns.number(),
    epoch: columns.number(),
    endOfInput: columns.boolean(),
    runs: readRuns(columns),
  };
}

function readRuns(columns: ColumnReader): readonly FrameRun[] {
  const count = columns.count();
  const watermarks = columns.numbers(count);
  const idle = columns.booleans(count);
  const lengths = idle.map(() => columns.count());
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const keyGroups = columns.numbers(total);
  const timestamps = columns.numbers(total);
  const values = columns.values(total);
  let next = 0;
  return lengths.map((length, i): FrameRun => {
    const records: FrameRecord[] = [];
    for (const end = next + length; next < end; next++) {
      records.push({ keyGroup: keyGroups[next]!, value: values[next], timestamp: timestamps[next]! });
    }
    return { watermark: watermarks[i]!, idle: idle[i]!, records };
  });
}

function writeHint(columns: ColumnWriter, hint: WatermarkHint): void {
  columns.value(hint.run);
  columns.value(hint.upstream);
  columns.value(hint.target);
  columns.value(hint.edge);
  columns.value(hint.afterCseq);
  columns.value(hint.watermark);
  columns.value(hint.idle);
}

function readHint(columns: ColumnReader): WatermarkHint {
  return {
    kind: 'hint',
    run: columns.text(),
    upstream: columns.text(),
    target: columns.text(),
    edge: columns.text(),
    afterCseq: columns.number(),
    watermark: columns.number(),
    idle: columns.boolean(),
  };
}
