import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SourceRuntime } from '../../core/connector.ts';
import { FileEnumerator, type FileEnumeratorCheckpoint } from './file-enumerator.ts';
import { FileSourceReader, type OpenSplit } from './file-source-reader.ts';
import type { FileSourceSpec } from './file-source-spec.ts';
import type { FileSplit } from './file-split.ts';
import { type LineParser, PushedLineReader } from './pushed-line-reader.ts';
import { RecordValidator } from './record-validator.ts';

/** Files are read split by split; what a stream delivers instead has only shards. */
type FileSourceRuntime<T> = SourceRuntime<T, FileSplit, FileEnumeratorCheckpoint>;

/** The code of a file source; only the reader of its format is loaded. */
export async function createFileSourceRuntime<T>(spec: FileSourceSpec): Promise<FileSourceRuntime<T>> {
  const opener = await loadOpener<T>(spec);
  const parse = await loadLineParser(spec);
  return {
    createEnumerator: (context, checkpoint) => new FileEnumerator(spec, context, checkpoint),
    createReader: (context) => new FileSourceReader(context, opener),
    ...(parse && { createPushedReader: () => new PushedLineReader(parse, validatorOf<T>(spec)) }),
  };
}

/** Undefined for a format whose records are no lines. */
async function loadLineParser({ format, paths }: FileSourceSpec): Promise<LineParser | undefined> {
  switch (format.kind) {
    case 'ndjson':
      return (line) => JSON.parse(line);
    case 'csv': {
      const { csvLines } = await import('./csv-lines.ts');
      return csvLines(paths.join(', '), format.options);
    }
    case 'parquet':
      return undefined;
  }
}

/** Opens splits in the format of the source. */
export async function loadOpener<T>(spec: FileSourceSpec): Promise<OpenSplit<T>> {
  const { format } = spec;
  const validator = validatorOf<T>(spec);
  switch (format.kind) {
    case 'ndjson': {
      const { NdjsonReader } = await import('./ndjson-reader.ts');
      return (split) => new NdjsonReader(split, format.options, validator);
    }
    case 'csv': {
      const { CsvReader } = await import('./csv-reader.ts');
      return (split) => new CsvReader(split, format.options, validator);
    }
    case 'parquet': {
      const { ParquetReader } = await import('./parquet-reader.ts');
      return (split) => new ParquetReader(split, format.options, validator);
    }
  }
}

function validatorOf<T>(spec: FileSourceSpec): RecordValidator<T> | undefined {
  if (spec.schema === undefined) return undefined;
  // FileSource infers T from this very schema.
  return new RecordValidator(spec.schema as StandardSchemaV1<unknown, T>, spec.paths.join(', '));
}
