import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnySinkRuntime, Committer, Sink, SinkWriter } from '../../../../lib/core/connector.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import { commitRequests } from '../../../commit-requests.ts';

/** One writer of a sink with its committer, used the way a runtime does. */
export class SinkProbe<T> {
  readonly writer: SinkWriter<T, unknown>;
  readonly committer: Committer<unknown>;

  private constructor(writer: SinkWriter<T, unknown>, committer: Committer<unknown>) {
    this.writer = writer;
    this.committer = committer;
  }

  static async open<T>(
    sink: Sink<T> | AnySinkRuntime<T>,
    options: { readonly subtask?: number; readonly overwrite?: boolean } = {},
  ): Promise<SinkProbe<T>> {
    const { subtask = 0, overwrite = false } = options;
    const runtime = 'load' in sink ? await sink.load() : sink;
    const job = { jobName: 'job', operatorUid: 'sink' };
    await runtime.prepare?.({ ...job, overwrite, restored: false });
    const writer = await runtime.createWriter({ ...job, subtask, parallelism: 1, durable: false });
    const committer = await runtime.createCommitter?.();
    if (committer === undefined) throw new Error('A file sink has a committer.');
    return new SinkProbe(writer, committer);
  }

  write(...values: readonly T[]): void {
    for (const value of values) this.writer.write(value, NO_TIMESTAMP);
  }

  async commit(endOfInput = false): Promise<void> {
    await this.writer.flush(endOfInput);
    await this.committer.commit(commitRequests(await this.writer.prepareCommit(endOfInput)));
  }

  async end(): Promise<void> {
    await this.commit(true);
    await this.writer.close();
  }
}

/** Writes `values` as one job does. */
export async function writeAll<T>(sink: Sink<T>, values: readonly T[]): Promise<void> {
  const probe = await SinkProbe.open(sink);
  probe.write(...values);
  await probe.end();
}

/** Paths of all files below `folder`, hidden ones too, sorted. */
export function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((path) => path.slice(folder.length + 1)).sort();
}

/** Content of all visible parts, in the order of their names. */
export function textOf(folder: string): string {
  const parts = filesOf(folder).filter((path) => !path.includes('.part-'));
  return parts.map((path) => readFileSync(join(folder, path), 'utf8')).join('');
}
