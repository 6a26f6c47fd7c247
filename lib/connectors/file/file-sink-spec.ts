import type { CsvPartOptions } from './csv-part.ts';
import type { RollingLimits } from './file-sink-writer.ts';
import type { ParquetPartColumn } from './parquet-part.ts';

/** The format of the parts with everything its encoder needs. */
export type SinkFormat =
  | { readonly kind: 'ndjson' }
  | { readonly kind: 'csv'; readonly options: CsvPartOptions }
  | {
      readonly kind: 'parquet';
      readonly columns: readonly ParquetPartColumn[];
      /** For tests: small row groups. */
      readonly rowGroupRows?: number;
    };

/** Where a file sink writes and how, with all defaults filled in. */
export interface FileSinkSpec<T> {
  readonly folder: string;
  readonly format: SinkFormat;
  readonly rolling: RollingLimits;
  readonly bucket: ((value: T, timestamp: number) => string) | undefined;
}
