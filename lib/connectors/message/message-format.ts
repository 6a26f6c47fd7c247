/** A record of a file sink as one message: what would be its line in a file. */
import { UserError } from '../../core/errors.ts';
import type { FileSinkSpec } from '../file/file-sink-spec.ts';
import type { PartFormat } from '../file/part-encoder.ts';

/** The text of a record. Throws RecordError RECORD_INVALID for a record that the format cannot hold. */
export type MessageText<T> = (value: T) => string;

/**
 * Lines of the format of a file sink, without a header; only that format is loaded.
 *
 * Throws UserError BINDING_INVALID for a format that is not made of lines.
 */
export async function loadMessageText<T>(spec: FileSinkSpec<T>): Promise<MessageText<T>> {
  const { folder, format } = spec;
  switch (format.kind) {
    case 'ndjson': {
      const { ndjsonParts } = await import('../file/ndjson-part.ts');
      return lineOf(ndjsonParts<T>(folder));
    }
    case 'csv': {
      const { csvParts } = await import('../file/csv-part.ts');
      return lineOf(csvParts<T>(folder, { ...format.options, header: false }));
    }
    case 'parquet':
      throw new UserError(
        'BINDING_INVALID',
        `Sink "${folder}" writes Parquet, which is not made of lines: bind FileSink.ndjson or FileSink.csv ` +
          'to messages.',
      );
  }
}

function lineOf<T>(format: PartFormat<T>): MessageText<T> {
  const encoder = format.createEncoder();
  return (value) => {
    encoder.add(value);
    return String(encoder.take(false)).replace(/\n$/, '');
  };
}
