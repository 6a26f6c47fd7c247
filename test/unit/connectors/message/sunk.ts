/** Writes records through a sink and commits them, once or again. */
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import type { AnySinkRuntime, CommitRequest, Sink } from '../../../../lib/core/connector.ts';

export const LINES = FileSink.ndjson<unknown>('out/lines');

/** What a commit is to publish: nothing is sent before `commit`. */
export async function written<T>(
  runtime: AnySinkRuntime<T>,
  records: readonly T[],
  at: { readonly version?: number; readonly lineage?: number } = {},
): Promise<readonly CommitRequest<unknown>[]> {
  const { version = 1, lineage = 1 } = at;
  const context = { jobName: 'job', operatorUid: 'out', subtask: 0, parallelism: 1, durable: true };
  const writer = await runtime.createWriter(context);
  for (const record of records) writer.write(record, 0);
  await writer.flush(false);
  const committables = await writer.prepareCommit(false);
  await writer.close();
  return committables.map((committable, index) => ({
    id: { text: `${lineage}/out/0/${version}/${index}`, lineage, subtask: 0, version, index },
    committable,
  }));
}

export async function commit(
  runtime: AnySinkRuntime<unknown>,
  requests: readonly CommitRequest<unknown>[],
): Promise<void> {
  const committer = await runtime.createCommitter?.();
  await committer?.commit(requests);
}

/** Writes and commits. */
export async function sink(target: Sink<unknown>, records: readonly unknown[]): Promise<void> {
  const runtime = await target.load();
  await commit(runtime, await written(runtime, records));
}
