import type { AnySinkRuntime, Sink } from '../../core/connector.ts';
import type { Duration } from '../../core/duration.ts';
import { UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { FileSinkSpec, SinkFormat } from './file-sink-spec.ts';
import type { FieldType } from './parquet-field.ts';

/**
 * When a part file is closed, made visible and followed by a new one. Source: Flink's DefaultRollingPolicy.
 */
export interface RollingPolicy {
  /**
   * Size at which a part is closed, about; for Parquet before compression of the last row group. Unit: bytes.
   * @default 128 MB
   */
  readonly maxPartBytes?: number;
  /**
   * Age at which a part is closed. Set it for a job that does not end, or its output waits until a part is
   * full.
   * @default - parts are not closed by age
   */
  readonly rolloverInterval?: Duration;
}

/** Options of every format. */
export interface FileSinkOptions<T> {
  readonly rollingPolicy?: RollingPolicy;
  /**
   * Name of the sub-folder that a record goes to, with "/" between levels; '' is the folder itself.
   * `timestamp`: ms since 1970, or NO_TIMESTAMP.
   * @default - all records go to the folder itself
   */
  readonly bucket?: (value: T, timestamp: number) => string;
}

/** Options of `FileSink.csv`. */
export interface CsvSinkOptions<T> extends FileSinkOptions<T> {
  /** Fields to write, in this order. A field that a record lacks is empty. */
  readonly columns: readonly (keyof T & string)[];
  /**
   * Each part begins with the names of the columns.
   * @default true
   */
  readonly header?: boolean;
  /**
   * What separates fields.
   * @default ','
   */
  readonly delimiter?: string;
}

/** A column of `FileSink.parquet`. */
export interface ParquetSinkColumn<T> {
  /** Field of the record and name of the column. */
  readonly name: keyof T & string;
  /**
   * INT64 takes safe whole numbers and bigints; DATE and TIMESTAMP take Dates, ISO text and milliseconds
   * since 1970; JSON takes what JSON can write.
   */
  readonly type: FieldType;
  /**
   * Null and undefined are allowed.
   * @default true
   */
  readonly nullable?: boolean;
}

/** Options of `FileSink.parquet`. */
export interface ParquetSinkOptions<T> extends FileSinkOptions<T> {
  /** Fields to write, in this order. */
  readonly columns: readonly ParquetSinkColumn<T>[];
}

/**
 * A sink that writes part files `part-<subtask>-<number>.<format>` into a folder.
 *
 * A part appears only complete: while it is written it is hidden (`.part-….inprogress`), and it gets its
 * name when it is committed. In a job with a state directory each row is in exactly one visible part; without
 * one, a bounded job shows its parts only at its end. A stream without records writes no file. A folder that
 * holds the parts of another run is refused unless the job runs with `--overwrite`, which removes those parts
 * and nothing else. Every sink needs a folder of its own.
 *
 * Throws UserError SINK_NOT_EMPTY when the job starts, SINK_INVALID if the folder cannot be written,
 * RecordError RECORD_INVALID for a record that the format cannot hold. Source: Flink's FileSink.
 *
 * @example
 * FileSink.ndjson<Row>('out/rows', { bucket: (row) => row.day, rollingPolicy: { rolloverInterval:
 * minutes(1) } });
 */
export class FileSink<T> implements Sink<T> {
  readonly connector = 'file';
  /** For the plan: format and folder. */
  readonly description: string;
  /** The folder. */
  readonly location: string;
  /** @internal */
  readonly spec: FileSinkSpec<T>;

  private constructor(spec: FileSinkSpec<T>) {
    this.spec = spec;
    this.description = `${spec.format.kind} ${spec.folder}`;
    this.location = spec.folder;
  }

  /**
   * One JSON value a line. Dates become ISO text; bigint, NaN, infinities, invalid Dates, Maps and Sets are
   * refused, because JSON would lose them. As always in JSON, fields that are undefined are left out.
   */
  static ndjson<T>(folder: string, options: FileSinkOptions<T> = {}): FileSink<T> {
    return new FileSink(specOf(folder, { kind: 'ndjson' }, options));
  }

  /**
   * Rows of the declared columns (RFC 4180, newline `\n`). Dates become ISO text, objects and arrays JSON.
   */
  static csv<T>(folder: string, options: CsvSinkOptions<T>): FileSink<T> {
    const { columns, header = true, delimiter = ',' } = options;
    checkColumns(folder, columns);
    if (delimiter === '') throw invalid(folder, 'needs a delimiter that is not empty');
    return new FileSink(specOf(folder, { kind: 'csv', options: { columns, header, delimiter } }, options));
  }

  /** Apache Parquet with the declared columns, compressed with Snappy. */
  static parquet<T>(folder: string, options: ParquetSinkOptions<T>): FileSink<T> {
    const columns = options.columns.map(({ name, type, nullable = true }) => ({ name, type, nullable }));
    checkColumns(
      folder,
      columns.map((column) => column.name),
    );
    return new FileSink(specOf(folder, { kind: 'parquet', columns }, options));
  }

  /** Brings the code that writes the files. */
  async load(): Promise<AnySinkRuntime<T>> {
    const { createFileSinkRuntime } = await import('./file-sink-runtime.ts');
    return createFileSinkRuntime(this.spec);
  }
}

function specOf<T>(folder: string, format: SinkFormat, options: FileSinkOptions<T>): FileSinkSpec<T> {
  if (folder === '') throw invalid(folder, 'has no folder');
  const { maxPartBytes = LIMITS.filePartBytes, rolloverInterval = Number.POSITIVE_INFINITY } =
    options.rollingPolicy ?? {};
  if (!(maxPartBytes > 0) || !(rolloverInterval > 0)) {
    throw invalid(
      folder,
      `needs a positive maxPartBytes and rolloverInterval, not ${maxPartBytes} and ${rolloverInterval}`,
    );
  }
  return {
    folder,
    format,
    rolling: { maxPartBytes, rolloverIntervalMs: rolloverInterval },
    bucket: options.bucket,
  };
}

function checkColumns(folder: string, columns: readonly string[]): void {
  if (columns.length === 0) throw invalid(folder, 'has no columns: name the fields to write');
  const repeated = columns.find((name, i) => columns.indexOf(name) !== i);
  if (repeated !== undefined) throw invalid(folder, `has two columns named "${repeated}"`);
}

function invalid(folder: string, what: string): UserError {
  return new UserError('ARGUMENT_INVALID', `The file sink "${folder}" ${what}.`);
}
