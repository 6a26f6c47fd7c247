/**
 * Log items as attributes of a table. Names are short: they are written with every version.
 *
 * A field that is undefined has no attribute. Numbers are decimal text: every number of JavaScript that a
 * field may hold comes back as it was.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { InvariantError } from '../../core/errors.ts';
import type { BaseRecord, LogItem, LogItemKind, LogPayload } from '../../core/log/log-item.ts';

export type Attributes = Record<string, AttributeValue>;

const KINDS: Readonly<Record<string, LogItemKind>> = {
  d: 'data',
  e: 'epoch',
  s: 'seal',
  g: 'genesis',
};
const KIND_LETTERS: Readonly<Record<LogItemKind, string>> = {
  data: 'd',
  epoch: 'e',
  seal: 's',
  genesis: 'g',
};

/** Without the key. */
export function attributesOfItem(item: LogItem): Attributes {
  return {
    v: numeric(item.version),
    w: { S: item.writer },
    k: { S: KIND_LETTERS[item.kind] },
    e: numeric(item.epoch),
    st: numeric(item.sentThrough),
    pt: numeric(item.processingTime),
    cv: { S: item.code },
    ...(item.seal === undefined ? {} : { seal: { S: item.seal } }),
    ...(item.due === undefined ? {} : { due: numeric(item.due) }),
    ...(item.inboxPending ? { ib: { BOOL: true } } : {}),
    ...attributesOfPayload(item.payload),
  };
}

/** Throws InvariantError if the attributes are not those of an item. */
export function itemOf(attributes: Attributes): LogItem {
  const { k, w, cv, seal, due, ib } = attributes;
  const kind = KINDS[k?.S ?? ''];
  if (kind === undefined || w?.S === undefined || cv?.S === undefined) throw unreadable(attributes);
  return {
    version: numberIn(attributes, 'v'),
    writer: w.S,
    kind,
    ...(seal?.S === 'savepoint' || seal?.S === 'finished' ? { seal: seal.S } : {}),
    epoch: numberIn(attributes, 'e'),
    sentThrough: numberIn(attributes, 'st'),
    processingTime: numberIn(attributes, 'pt'),
    code: cv.S,
    due: due === undefined ? undefined : numberIn(attributes, 'due'),
    inboxPending: ib?.BOOL === true,
    payload: payloadIn(attributes),
  };
}

/** Without the key. */
export function attributesOfBase({ version, manifest, archivedThrough }: BaseRecord): Attributes {
  return { v: numeric(version), m: { S: manifest }, a: numeric(archivedThrough) };
}

/** Throws InvariantError if the attributes are not those of a base. */
export function baseOf(attributes: Attributes): BaseRecord {
  const manifest = attributes.m?.S;
  if (manifest === undefined) throw unreadable(attributes);
  return { version: numberIn(attributes, 'v'), manifest, archivedThrough: numberIn(attributes, 'a') };
}

export function numeric(value: number): AttributeValue.NMember {
  return { N: String(value) };
}

function attributesOfPayload(payload: LogPayload): Attributes {
  if (payload.kind === 'inline') return { p: { B: payload.bytes } };
  return { o: { S: payload.key }, ol: numeric(payload.length), oh: { S: payload.sha256 } };
}

function payloadIn(attributes: Attributes): LogPayload {
  const { p, o, oh } = attributes;
  if (p?.B !== undefined) return { kind: 'inline', bytes: new Uint8Array(p.B) };
  if (o?.S === undefined || oh?.S === undefined) throw unreadable(attributes);
  return { kind: 'spilled', key: o.S, length: numberIn(attributes, 'ol'), sha256: oh.S };
}

function numberIn(attributes: Attributes, name: string): number {
  const text = attributes[name]?.N;
  if (text === undefined) throw unreadable(attributes);
  return Number(text);
}

function unreadable(attributes: Attributes): InvariantError {
  const place = `${attributes.pk?.S ?? '?'} slot ${attributes.sk?.N ?? '?'}`;
  return new InvariantError('INVARIANT', `The log table holds what is no item of a log: ${place}.`);
}
