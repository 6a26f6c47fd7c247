import type { CommitRequest } from '../lib/core/connector.ts';
import { committableIdText, parseCommittableId } from '../lib/core/log/committable-id.ts';

let version = 0;

/** What a runtime makes of the committables of one subtask: each call stands for a commit of its own. */
export function commitRequests<C>(committables: readonly C[], subtask = 0): readonly CommitRequest<C>[] {
  version++;
  return committables.map((committable, index) => {
    const text = committableIdText({ lineage: 1, owner: 'job/sink', subtask, version, index });
    return { id: parseCommittableId(text), committable };
  });
}
