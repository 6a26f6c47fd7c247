/** Parts that entries and manifests have in common: vectors by name, outboxes, intents, the inbox. */
import type { ChannelWatermark, Inbox, OutgoingFrame, SinkIntent } from '../log/entry-payload.ts';
import type { ColumnReader } from './column-reader.ts';
import type { ColumnWriter } from './column-writer.ts';

/** Names are sorted, so that equal vectors have equal bytes however they were put together. */
export function writeVector(columns: ColumnWriter, vector: Readonly<Record<string, string | number>>): void {
  const names = writeNames(columns, vector);
  columns.values(names.map((name) => vector[name]));
}

export function readPositions(columns: ColumnReader): Record<string, string> {
  const names = readNames(columns);
  const values = columns.texts(names.length);
  return recordOf(names, (i) => values[i]!);
}

export function readCounters(columns: ColumnReader): Record<string, number> {
  const names = readNames(columns);
  const values = columns.numbers(names.length);
  return recordOf(names, (i) => values[i]!);
}

export function writeWatermarks(
  columns: ColumnWriter,
  watermarks: Readonly<Record<string, ChannelWatermark>>,
): void {
  const names = writeNames(columns, watermarks);
  const channels = names.map((name) => watermarks[name]!);
  columns.values(channels.map((channel) => channel.watermark));
  columns.values(channels.map((channel) => channel.idle));
  columns.values(channels.map((channel) => channel.ended));
}

export function readWatermarks(columns: ColumnReader): Record<string, ChannelWatermark> {
  const names = readNames(columns);
  const watermarks = columns.numbers(names.length);
  const idle = columns.booleans(names.length);
  const ended = columns.booleans(names.length);
  return recordOf(names, (i) => ({ watermark: watermarks[i]!, idle: idle[i]!, ended: ended[i]! }));
}

export function writeOutbox(columns: ColumnWriter, frames: readonly OutgoingFrame[]): void {
  columns.count(frames.length);
  columns.values(frames.map((frame) => frame.target));
  columns.values(frames.map((frame) => frame.cseq));
  for (const frame of frames) {
    columns.count(frame.bytes.length);
    columns.out.bytes(frame.bytes);
  }
}

export function readOutbox(columns: ColumnReader): OutgoingFrame[] {
  const count = columns.count();
  const targets = columns.texts(count);
  return columns.numbers(count).map((cseq, i) => ({
    target: targets[i]!,
    cseq,
    bytes: columns.in.copy(columns.count()),
  }));
}

export function writeIntents(columns: ColumnWriter, intents: readonly SinkIntent[]): void {
  columns.where = 'A sink intent';
  columns.count(intents.length);
  columns.values(intents.map((intent) => intent.operator));
  columns.values(intents.map((intent) => intent.id));
  columns.values(intents.map((intent) => intent.committable));
}

export function readIntents(columns: ColumnReader): SinkIntent[] {
  const count = columns.count();
  const operators = columns.texts(count);
  const ids = columns.texts(count);
  return columns
    .values(count)
    .map((committable, i) => ({ operator: operators[i]!, id: ids[i]!, committable }));
}

export function writeInbox(columns: ColumnWriter, inbox: Inbox | undefined): void {
  columns.value(inbox?.frames);
  if (inbox === undefined) return;
  columns.count(inbox.objects.length);
  columns.values(inbox.objects);
}

export function readInbox(columns: ColumnReader): Inbox | undefined {
  const frames = columns.optionalNumber();
  return frames === undefined ? undefined : { objects: columns.texts(columns.count()), frames };
}

function writeNames(columns: ColumnWriter, vector: object): string[] {
  const names = Object.keys(vector).sort();
  columns.count(names.length);
  columns.values(names);
  return names;
}

function readNames(columns: ColumnReader): string[] {
  return columns.texts(columns.count());
}

function recordOf<T>(names: readonly string[], entryOf: (index: number) => T): Record<string, T> {
  return Object.fromEntries(names.map((name, i) => [name, entryOf(i)]));
}
