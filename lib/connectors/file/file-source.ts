import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AnySourceRuntime, Source } from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import type { FileFormat, FileSourceSpec } from './file-source-spec.ts';

/** One path or several: files, folders or globs, relative to the working directory. */
export type FilePath = string | readonly string[];

/** Options of every format. */
export interface FileSourceOptions {
  /**
   * `bounded` reads the files that are there and ends. `watch` also reads files that appear until the job is
   * stopped; a file is read once, so move files in when they are complete.
   * @default 'bounded'
   */
  readonly mode?: 'bounded' | 'watch';
}

/** Options of text formats. */
export interface TextSourceOptions extends FileSourceOptions {
  /**
   * How the files are compressed; `auto` goes by the name: `.gz` is gzip, `.zst` is zstd.
   * @default 'auto'
   */
  readonly compression?: 'auto' | 'none' | 'gzip' | 'zstd';
}

/** Options of `FileSource.ndjson`. */
export interface NdjsonSourceOptions extends TextSourceOptions {}

/** Options of `FileSource.csv`. */
export interface CsvSourceOptions extends TextSourceOptions {
  /**
   * The first row of each file holds the names of the columns.
   * @default - true, unless `columns` is given
   */
  readonly header?: boolean;
  /** Names of the columns in their order. With `header: true` they replace the names in the file. */
  readonly columns?: readonly string[];
  /**
   * What separates fields.
   * @default ','
   */
  readonly delimiter?: string;
  /**
   * What encloses a field with delimiters or newlines; doubled inside the field. `false`: nothing is quoted.
   * @default '"'
   */
  readonly quote?: string | false;
}

/** Options of `FileSource.parquet`. */
export interface ParquetSourceOptions extends FileSourceOptions {
  /**
   * Top-level columns to read. Naming few makes reading faster and smaller.
   * @default - all columns
   */
  readonly columns?: readonly string[];
  /**
   * What a 64-bit integer becomes. With `number`, a row whose integer no number holds is a dead letter.
   * @default 'number'
   */
  readonly int64?: 'number' | 'bigint';
  /**
   * What TIMESTAMP and DATE become: text like `2001-01-31T00:01:00.000Z` and `2001-01-31`, or Dates.
   * Timestamps without a zone are taken as UTC.
   * @default 'iso'
   */
  readonly temporal?: 'iso' | 'date';
}

/** Options with a schema that validates and types the records. */
export type WithSchema<O, S extends StandardSchemaV1> = O & {
  /**
   * A Standard Schema (zod, valibot, arktype …). What it answers enters the stream; what it refuses is a dead
   * letter. It must not be asynchronous.
   */
  readonly schema: S;
};

/** Options without a schema: records are not validated. */
export type WithoutSchema<O> = O & { readonly schema?: undefined };

/**
 * A source of records in files.
 *
 * Shape  with `schema` records have its output type; without, they have the type argument and nobody
 *        checks it.
 * A record that cannot be read, or that the schema refuses, goes to the dead letters with its position.
 *
 * Throws UserError SOURCE_NOT_FOUND when the job starts and a path of a bounded source matches nothing,
 * SOURCE_INVALID for a file that is not what its format promises, SCHEMA_ASYNC for an asynchronous schema.
 * Source: Flink's FileSource.
 *
 * @example
 * FileSource.ndjson('data/flights.ndjson', { schema: Flight });
 * FileSource.ndjson<Flight>('data/*.ndjson.gz', { mode: 'watch' });
 */
export class FileSource<T> implements Source<T> {
  readonly connector = 'file';
  /** For the plan: format and paths. */
  readonly description: string;
  readonly boundedness: 'bounded' | 'continuous-unbounded';
  /** What it reads and how. */
  readonly spec: FileSourceSpec;

  private constructor(spec: FileSourceSpec) {
    this.spec = spec;
    this.description = `${spec.format.kind} ${spec.paths.join(', ')}`;
    this.boundedness = spec.mode === 'watch' ? 'continuous-unbounded' : 'bounded';
  }

  /**
   * One JSON value a line, in UTF-8. Lines of white space are left out; a line longer than 16 MB is a dead
   * letter. At a parallelism above 1, big uncompressed files are read in parallel by byte ranges.
   */
  static ndjson<S extends StandardSchemaV1>(
    path: FilePath,
    options: WithSchema<NdjsonSourceOptions, S>,
  ): FileSource<StandardSchemaV1.InferOutput<S>>;
  static ndjson<T>(path: FilePath, options?: WithoutSchema<NdjsonSourceOptions>): FileSource<T>;
  static ndjson<T>(
    path: FilePath,
    options: NdjsonSourceOptions & { readonly schema?: StandardSchemaV1 | undefined } = {},
  ): FileSource<T> {
    const format: FileFormat = { kind: 'ndjson', options: { compression: options.compression ?? 'auto' } };
    return new FileSource(specOf(path, format, options));
  }

  /**
   * Rows of text in UTF-8 (RFC 4180). A record is an object of strings, one for each column; let the schema
   * make numbers of them. Rows with another number of columns or with stray quotes are dead letters.
   *
   * Throws UserError ARGUMENT_INVALID if there is neither a header nor `columns`.
   */
  static csv<S extends StandardSchemaV1>(
    path: FilePath,
    options: WithSchema<CsvSourceOptions, S>,
  ): FileSource<StandardSchemaV1.InferOutput<S>>;
  static csv<T = Record<string, string>>(
    path: FilePath,
    options?: WithoutSchema<CsvSourceOptions>,
  ): FileSource<T>;
  static csv<T>(
    path: FilePath,
    options: CsvSourceOptions & { readonly schema?: StandardSchemaV1 | undefined } = {},
  ): FileSource<T> {
    const {
      columns,
      header = columns === undefined,
      delimiter = ',',
      quote = '"',
      compression = 'auto',
    } = options;
    if (!header && (columns === undefined || columns.length === 0)) {
      throw invalid(path, 'has neither a header nor columns: give columns the names of its fields');
    }
    if (delimiter === '' || (quote !== false && quote.length !== 1)) {
      throw invalid(path, 'needs a delimiter that is not empty and a quote of one character, or false');
    }
    const syntax = { delimiter, quote: quote === false ? null : quote };
    const format: FileFormat = {
      kind: 'csv',
      options: { compression, syntax, columns: { header, columns } },
    };
    return new FileSource(specOf(path, format, options));
  }

  /**
   * Apache Parquet, read by row groups and declared columns. Records look like those of NDJSON with the same
   * data: nulls are null, lists arrays, structs and maps objects, DECIMAL a number (the nearest one),
   * byte arrays without annotation text, fixed ones Uint8Array. At a parallelism above 1, row groups are read
   * in parallel.
   */
  static parquet<S extends StandardSchemaV1>(
    path: FilePath,
    options: WithSchema<ParquetSourceOptions, S>,
  ): FileSource<StandardSchemaV1.InferOutput<S>>;
  static parquet<T>(path: FilePath, options?: WithoutSchema<ParquetSourceOptions>): FileSource<T>;
  static parquet<T>(
    path: FilePath,
    options: ParquetSourceOptions & { readonly schema?: StandardSchemaV1 | undefined } = {},
  ): FileSource<T> {
    const { columns, int64 = 'number', temporal = 'iso' } = options;
    if (columns?.length === 0)
      throw invalid(path, 'reads no column: name at least one, or leave columns out');
    return new FileSource(specOf(path, { kind: 'parquet', options: { columns, int64, temporal } }, options));
  }

  /** Brings the code that reads the files. */
  async load(): Promise<AnySourceRuntime<T>> {
    const { createFileSourceRuntime } = await import('./file-source-runtime.ts');
    return createFileSourceRuntime<T>(this.spec);
  }
}

function specOf(
  path: FilePath,
  format: FileFormat,
  options: FileSourceOptions & { readonly schema?: StandardSchemaV1 | undefined },
): FileSourceSpec {
  const paths = typeof path === 'string' ? [path] : [...path];
  if (paths.length === 0 || paths.includes(''))
    throw invalid(path, 'has no path: name a file, a folder or a glob');
  return { paths, mode: options.mode ?? 'bounded', format, schema: options.schema };
}

function invalid(path: FilePath, what: string): UserError {
  return new UserError('ARGUMENT_INVALID', `The file source "${path}" ${what}.`);
}
