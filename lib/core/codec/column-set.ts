/** The columns of one message: they share one table of property names. */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { ColumnReader } from './column-reader.ts';
import { ColumnWriter } from './column-writer.ts';
import { ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

/** `where` starts the message of a value that is not data. */
export function columnWriter(body: ByteWriter, where: string): ColumnWriter {
  const columns: ColumnWriter = new ColumnWriter(body, {
    where,
    values: new ValueWriter(body, () => columns.where),
  });
  return columns;
}

export function columnReader(body: ByteReader): ColumnReader {
  return new ColumnReader(body, new ValueReader(body));
}
