/** The manifest of a base as bytes. */
import type { BaseManifest, ChunkRef, SegmentRef } from '../log/base-manifest.ts';
import type { ColumnReader } from './column-reader.ts';
import { columnReader, columnWriter } from './column-set.ts';
import type { ColumnWriter } from './column-writer.ts';
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
export function encodeBaseManifest(manifest: BaseManifest): Uint8Array<ArrayBuffer> {
  return seal('manifest', (body) => {
    const columns = columnWriter(body, 'A base manifest');
    columns.value(manifest.version);
    columns.value(manifest.epoch);
    columns.value(manifest.sentThrough);
    columns.value(manifest.processingTime);
    columns.value(manifest.code);
    columns.value(manifest.due);
    writeChunks(columns, manifest.chunks);
    writeSegments(columns, manifest.segments);
    writeVector(columns, manifest.positions);
    writeVector(columns, manifest.consumed);
    writeWatermarks(columns, manifest.watermarks);
    writeVector(columns, manifest.produced);
    columns.count(manifest.parked.length);
    for (const frame of manifest.parked) writeFrame(columns, frame);
    writeInbox(columns, manifest.inbox);
    columns.value(manifest.inboxConsumed);
    columns.count(manifest.unsent.length);
    for (const outbox of manifest.unsent) {
      columns.value(outbox.version);
      writeOutbox(columns, outbox.frames);
    }
    writeIntents(columns, manifest.intents);
  });
}

/** `where` names the manifest in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeBaseManifest(bytes: Uint8Array, where = 'A base manifest'): BaseManifest {
  return unseal('manifest', bytes, {
    where,
    read: (body) => {
      const columns = columnReader(body);
      return {
        version: columns.number(),
        epoch: columns.number(),
        sentThrough: columns.number(),
        processingTime: columns.number(),
        code: columns.text(),
        due: columns.optionalNumber(),
        chunks: readChunks(columns),
        segments: readSegments(columns),
        positions: readPositions(columns),
        consumed: readCounters(columns),
        watermarks: readWatermarks(columns),
        produced: readCounters(columns),
        parked: columns.list(() => readFrame(columns)),
        inbox: readInbox(columns),
        inboxConsumed: columns.number(),
        unsent: columns.list(() => ({ version: columns.number(), frames: readOutbox(columns) })),
        intents: readIntents(columns),
      };
    },
  });
}

function writeChunks(columns: ColumnWriter, chunks: readonly ChunkRef[]): void {
  columns.count(chunks.length);
  columns.values(chunks.map((chunk) => chunk.name));
  columns.values(chunks.map((chunk) => chunk.bytes));
  columns.values(chunks.map((chunk) => chunk.sha256));
}

function readChunks(columns: ColumnReader): ChunkRef[] {
  const count = columns.count();
  const names = columns.texts(count);
  const bytes = columns.numbers(count);
  return columns.texts(count).map((sha256, i) => ({ name: names[i]!, bytes: bytes[i]!, sha256 }));
}

function writeSegments(columns: ColumnWriter, segments: readonly SegmentRef[]): void {
  columns.count(segments.length);
  columns.values(segments.map((segment) => segment.name));
  columns.values(segments.map((segment) => segment.fromVersion));
  columns.values(segments.map((segment) => segment.toVersion));
}

function readSegments(columns: ColumnReader): SegmentRef[] {
  const count = columns.count();
  const names = columns.texts(count);
  const firsts = columns.numbers(count);
  return columns
    .numbers(count)
    .map((toVersion, i) => ({ name: names[i]!, fromVersion: firsts[i]!, toVersion }));
}
