/** Takes records through a sink as a subtask does: written, logged as plain data, committed. */
import type { CommitRequest, Sink } from '../lib/core/connector.ts';
import { committableIdText, parseCommittableId } from '../lib/core/log/committable-id.ts';

/** Where a commit stands; what is left out is the first. */
export interface Place {
  readonly lineage?: number;
  readonly subtask?: number;
  readonly version?: number;
}

/** What a writer makes of `values`, as a log gives it back. */
export async function loggedCommit<T>(
  sink: Sink<T>,
  values: readonly T[],
  { lineage = 1, subtask = 0, version = 1 }: Place = {},
): Promise<readonly CommitRequest<unknown>[]> {
  const runtime = await sink.load();
  const place = { jobName: 'job', operatorUid: 'out', subtask, parallelism: 4, durable: true };
  const writer = await runtime.createWriter(place);
  for (const value of values) writer.write(value, 0);
  await writer.flush(false);
  const committables: readonly unknown[] = structuredClone(await writer.prepareCommit(false));
  await writer.close();
  return committables.map((committable, index) => {
    const text = committableIdText({ owner: 'job/out', lineage, subtask, version, index });
    return { id: parseCommittableId(text), committable };
  });
}

/** Commits as an attempt of its own does: with nothing left of those before it. */
export async function commit<T>(sink: Sink<T>, requests: readonly CommitRequest<unknown>[]): Promise<void> {
  const runtime = await sink.load();
  const committer = await runtime.createCommitter?.();
  if (committer === undefined) throw new Error(`${sink.description} commits nothing.`);
  await committer.commit(requests);
}

/** Writes and commits. */
export async function writeTo<T>(sink: Sink<T>, values: readonly T[], place?: Place): Promise<void> {
  await commit(sink, await loggedCommit(sink, values, place));
}
