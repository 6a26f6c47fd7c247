import type { SinkRuntime } from '../../core/connector.ts';
import { FileCommitter } from './file-committer.ts';
import type { FileSinkSpec } from './file-sink-spec.ts';
import { FileSinkWriter } from './file-sink-writer.ts';
import { prepareOutputFolder } from './output-folder.ts';
import type { PartFormat } from './part-encoder.ts';
import type { FileCommittable } from './part-file.ts';

/** The code of a file sink; only its format is loaded. `clock`: milliseconds since 1970, for tests. */
export async function createFileSinkRuntime<T>(
  spec: FileSinkSpec<T>,
  clock: () => number = Date.now,
): Promise<SinkRuntime<T, FileCommittable>> {
  const { folder, rolling, bucket } = spec;
  const format = await loadFormat(spec);
  return {
    prepare: ({ overwrite }) => prepareOutputFolder(folder, overwrite),
    createWriter: async ({ subtask }) =>
      new FileSinkWriter({ folder, subtask, format, rolling, bucket, clock }),
    createCommitter: async () => new FileCommitter(),
  };
}

async function loadFormat<T>({ folder, format }: FileSinkSpec<T>): Promise<PartFormat<T>> {
  switch (format.kind) {
    case 'ndjson': {
      const { ndjsonParts } = await import('./ndjson-part.ts');
      return ndjsonParts(folder);
    }
    case 'csv': {
      const { csvParts } = await import('./csv-part.ts');
      return csvParts(folder, format.options);
    }
    case 'parquet': {
      const { parquetParts } = await import('./parquet-part.ts');
      return parquetParts(folder, format.columns);
    }
  }
}
