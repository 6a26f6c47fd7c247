/** Writes the entries of a keyed state to a file, as NDJSON or Parquet by the ending of its name. */
import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { KeyedEntry } from '../savepoint/keyed-entries.ts';

/** An entry as plain JSON: a Map is an array of pairs, a bigint and a Date are text. */
export function entryAsData({ key, keyGroup, namespace, value }: KeyedEntry): Record<string, unknown> {
  const window = namespace === undefined ? {} : { window: namespace };
  return { key: asData(key), keyGroup, ...window, value: asData(value) };
}

function asData(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(asData);
  if (value instanceof Map) return [...value].map(([key, own]) => [asData(key), asData(own)]);
  if (value instanceof Set) return [...value].map(asData);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, asData(own)]));
}

/**
 * Writes `file`, whole or not at all; the number of entries.
 *
 * Throws UserError ARGUMENT_INVALID for a file that exists or has another ending.
 */
export async function exportEntries(entries: AsyncIterable<KeyedEntry>, file: string): Promise<number> {
  if (existsSync(file)) throw new UserError('ARGUMENT_INVALID', `${file} exists: name a new file.`);
  const write = WRITERS.find(({ ending }) => file.endsWith(ending))?.write;
  if (write === undefined) {
    const endings = WRITERS.map(({ ending }) => ending).join(' or ');
    throw new UserError('ARGUMENT_INVALID', `The name of ${file} has to end with ${endings}.`);
  }
  const partial = `${file}.inprogress`;
  try {
    const count = await write(entries, partial);
    renameSync(partial, file);
    return count;
  } finally {
    rmSync(partial, { force: true });
  }
}

type WriteEntries = (entries: AsyncIterable<KeyedEntry>, path: string) => Promise<number>;

const WRITERS: readonly { readonly ending: string; readonly write: WriteEntries }[] = [
  { ending: '.ndjson', write: writeNdjson },
  { ending: '.parquet', write: writeParquet },
];

async function writeNdjson(entries: AsyncIterable<KeyedEntry>, path: string): Promise<number> {
  const stream = createWriteStream(path);
  let count = 0;
  for await (const entry of entries) {
    count += 1;
    if (!stream.write(`${JSON.stringify(entryAsData(entry))}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return count;
}

const COLUMNS = [
  { name: 'key', type: 'STRING' },
  { name: 'keyGroup', type: 'INT32' },
  { name: 'window', type: 'STRING' },
  { name: 'value', type: 'STRING' },
] as const;

/** Key, window and value are JSON: a column has one type, a state need not. */
async function writeParquet(entries: AsyncIterable<KeyedEntry>, path: string): Promise<number> {
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: [
      { name: 'root', num_children: COLUMNS.length },
      ...COLUMNS.map(({ name, type }) =>
        type === 'STRING'
          ? ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const)
          : ({ name, type, repetition_type: 'REQUIRED' } as const),
      ),
    ],
    createdBy: 'millrace',
  });
  let rows: (readonly unknown[])[] = [];
  let count = 0;
  const flush = async () => {
    const columnData = COLUMNS.map(({ name }, column) => ({ name, data: rows.map((row) => row[column]) }));
    await writer.write({ columnData });
    rows = [];
  };
  for await (const entry of entries) {
    const { key, keyGroup, window, value } = entryAsData(entry);
    rows.push([
      JSON.stringify(key),
      keyGroup,
      window === undefined ? null : JSON.stringify(window),
      JSON.stringify(value),
    ]);
    count += 1;
    if (rows.length === LIMITS.parquetRowGroupRowsMax) await flush();
  }
  if (rows.length > 0) await flush();
  await writer.finish();
  return count;
}
