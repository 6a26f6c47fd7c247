import { describe, expect, it } from 'vitest';
import { CollectSink } from '../../../lib/api/collect-sink.ts';
import { commitRequests } from '../../commit-requests.ts';

async function open(sink: CollectSink<number>) {
  const runtime = await sink.load();
  await runtime.prepare?.({ jobName: 'job', operatorUid: 'collect', overwrite: false, restored: false });
  const committer = await runtime.createCommitter?.();
  const writer = (subtask: number) =>
    runtime.createWriter({ jobName: 'job', operatorUid: 'collect', subtask, parallelism: 2, durable: false });
  return { committer: committer!, writer };
}

describe('a collecting sink', () => {
  it('shows only what has been committed', async () => {
    const sink = new CollectSink<number>();
    const { committer, writer } = await open(sink);
    const first = await writer(0);
    first.write(1, 0);
    const parts = commitRequests(await first.prepareCommit(false));
    first.write(2, 0);
    expect(sink.values).toEqual([]);
    await committer.commit(parts);
    expect(sink.values).toEqual([1]);
    await committer.commit(commitRequests(await first.prepareCommit(true)));
    expect(sink.values).toEqual([1, 2]);
  });

  it('takes a part once however often it is committed', async () => {
    const sink = new CollectSink<number>();
    const { committer, writer } = await open(sink);
    const [first, second] = [await writer(0), await writer(1)];
    first.write(1, 0);
    second.write(2, 0);
    const parts = [
      ...commitRequests(await first.prepareCommit(true), 0),
      ...commitRequests(await second.prepareCommit(true), 1),
    ];
    await committer.commit(parts);
    await committer.commit(parts);
    expect(sink.values).toEqual([1, 2]);
  });

  it('starts empty at each run', async () => {
    const sink = new CollectSink<number>();
    for (const value of [1, 2]) {
      const { committer, writer } = await open(sink);
      const only = await writer(0);
      only.write(value, 0);
      await committer.commit(commitRequests(await only.prepareCommit(true)));
    }
    expect(sink.values).toEqual([2]);
  });
});
