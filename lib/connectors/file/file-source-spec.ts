import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CsvOptions } from './csv-reader.ts';
import type { ParquetOptions } from './parquet-reader.ts';
import type { TextOptions } from './text-lines.ts';

/** The format of the files with everything its reader needs. */
export type FileFormat =
  | { readonly kind: 'ndjson'; readonly options: TextOptions }
  | { readonly kind: 'csv'; readonly options: CsvOptions }
  | { readonly kind: 'parquet'; readonly options: ParquetOptions };

/** What a file source reads and how, with all defaults filled in. */
export interface FileSourceSpec {
  readonly paths: readonly string[];
  readonly mode: 'bounded' | 'watch';
  readonly format: FileFormat;
  readonly schema: StandardSchemaV1 | undefined;
  /** For tests only: see LIMITS.fileSplitBytesMin. */
  readonly splitBytesMin?: number;
}
