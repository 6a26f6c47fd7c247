/** Log items, verbatim, as bytes: what is archived before their slots are used again. */
import type { LogItem, LogItemKind, LogPayload } from '../log/log-item.ts';
import type { ColumnReader } from './column-reader.ts';
import { columnReader, columnWriter } from './column-set.ts';
import type { ColumnWriter } from './column-writer.ts';
import { wordOf } from './delta-form.ts';
import { seal, unseal } from './envelope.ts';

const KINDS = ['data', 'epoch', 'seal', 'genesis'] as const satisfies readonly LogItemKind[];
const SEALS = ['savepoint', 'finished'] as const satisfies readonly NonNullable<LogItem['seal']>[];
const PAYLOADS = ['inline', 'spilled'] as const satisfies readonly LogPayload['kind'][];

export function encodeSegment(items: readonly LogItem[]): Uint8Array<ArrayBuffer> {
  return seal('segment', (body) => {
    const columns = columnWriter(body, 'A log item');
    columns.count(items.length);
    columns.values(items.map((item) => item.version));
    columns.values(items.map((item) => item.writer));
    columns.values(items.map((item) => KINDS.indexOf(item.kind)));
    columns.values(items.map((item) => (item.seal === undefined ? undefined : SEALS.indexOf(item.seal))));
    columns.values(items.map((item) => item.epoch));
    columns.values(items.map((item) => item.sentThrough));
    columns.values(items.map((item) => item.processingTime));
    columns.values(items.map((item) => item.code));
    columns.values(items.map((item) => item.due));
    columns.values(items.map((item) => item.inboxPending));
    for (const item of items) writePayload(columns, item.payload);
  });
}

/** `where` names the segment in errors. Throws UserError STATE_CORRUPT or STATE_FORMAT_UNSUPPORTED. */
export function decodeSegment(bytes: Uint8Array, where = 'A log segment'): readonly LogItem[] {
  return unseal('segment', bytes, { where, read: (body) => readItems(columnReader(body)) });
}

function readItems(columns: ColumnReader): readonly LogItem[] {
  const count = columns.count();
  const versions = columns.numbers(count);
  const writers = columns.texts(count);
  const kinds = columns.numbers(count);
  const seals = columns.optionalNumbers(count);
  const epochs = columns.numbers(count);
  const sent = columns.numbers(count);
  const times = columns.numbers(count);
  const codes = columns.texts(count);
  const dues = columns.optionalNumbers(count);
  const pending = columns.booleans(count);
  return versions.map((version, i): LogItem => {
    const sealed = seals[i];
    return {
      version,
      writer: writers[i]!,
      kind: wordOf(KINDS, kinds[i]!),
      ...(sealed === undefined ? {} : { seal: wordOf(SEALS, sealed) }),
      epoch: epochs[i]!,
      sentThrough: sent[i]!,
      processingTime: times[i]!,
      code: codes[i]!,
      due: dues[i],
      inboxPending: pending[i]!,
      payload: readPayload(columns),
    };
  });
}

function writePayload(columns: ColumnWriter, payload: LogPayload): void {
  columns.count(PAYLOADS.indexOf(payload.kind));
  if (payload.kind === 'inline') {
    columns.count(payload.bytes.length);
    columns.out.bytes(payload.bytes);
  } else {
    columns.value(payload.key);
    columns.value(payload.length);
    columns.value(payload.sha256);
  }
}

function readPayload(columns: ColumnReader): LogPayload {
  const kind = wordOf(PAYLOADS, columns.count());
  if (kind === 'inline') return { kind, bytes: columns.in.copy(columns.count()) };
  return { kind, key: columns.text(), length: columns.number(), sha256: columns.text() };
}
