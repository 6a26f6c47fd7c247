import type { SinkPrepareContext, SinkRuntime, SinkWriter, SinkWriterContext } from '../../core/connector.ts';
import { FileCommitter } from './file-committer.ts';
import type { FileSinkSpec } from './file-sink-spec.ts';
import { FileSinkWriter } from './file-sink-writer.ts';
import { nodePartFiles } from './node-part-files.ts';
import { prepareOutputFolder, recoverOutputFolder } from './output-folder.ts';
import type { PartFormat } from './part-encoder.ts';
import type { PartFiles } from './part-files.ts';
import type { FileCommittable } from './part-name.ts';

/** What a file sink uses of the machine; tests bring their own. */
export interface FileSinkMachine {
  readonly files: PartFiles;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The code of a file sink; only its format is loaded. */
export async function createFileSinkRuntime<T>(
  spec: FileSinkSpec<T>,
  { files = nodePartFiles, clock = Date.now }: Partial<FileSinkMachine> = {},
): Promise<SinkRuntime<T, FileCommittable>> {
  return new FileSinkRuntime(spec, await loadFormat(spec), { files, clock });
}

class FileSinkRuntime<T> implements SinkRuntime<T, FileCommittable> {
  private readonly spec: FileSinkSpec<T>;
  private readonly format: PartFormat<T>;
  private readonly machine: FileSinkMachine;
  private readonly writers = new Map<number, FileSinkWriter<T>>();

  constructor(spec: FileSinkSpec<T>, format: PartFormat<T>, machine: FileSinkMachine) {
    this.spec = spec;
    this.format = format;
    this.machine = machine;
  }

  /** A run that goes on finds its own parts; which they are is known when its state is there. */
  async prepare({ overwrite, restored }: SinkPrepareContext): Promise<void> {
    if (!restored) await prepareOutputFolder(this.machine.files, this.spec.folder, overwrite);
  }

  async createWriter({ subtask, durable }: SinkWriterContext): Promise<SinkWriter<T, FileCommittable>> {
    const { spec, format, machine } = this;
    const { folder, rolling, bucket } = spec;
    const writer = new FileSinkWriter({ ...machine, folder, subtask, durable, format, rolling, bucket });
    this.writers.set(subtask, writer);
    return writer;
  }

  async createCommitter(): Promise<FileCommitter> {
    return new FileCommitter(this.machine.files, this.spec.folder);
  }

  /** Parts of subtasks that are no more have numbers below those of all writers that took over from them. */
  async recover(): Promise<void> {
    const writers = [...this.writers.values()];
    const highest = Math.max(0, ...writers.map((writer) => writer.nextNumber));
    await recoverOutputFolder(this.machine.files, this.spec.folder, {
      hiddenPaths: new Set(writers.flatMap((writer) => writer.hiddenPaths)),
      nextNumberOf: (subtask) => this.writers.get(subtask)?.nextNumber ?? highest,
    });
  }
}

/** Brings the code of the format alone. */
export async function loadFormat<T>({
  folder,
  format,
}: Pick<FileSinkSpec<T>, 'folder' | 'format'>): Promise<PartFormat<T>> {
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
      return parquetParts(folder, format);
    }
  }
}
