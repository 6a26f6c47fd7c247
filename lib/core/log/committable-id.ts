/** The ids of committables as text, which is how a log keeps them. */
import type { CommittableId } from '../connector.ts';
import { InvariantError } from '../errors.ts';

/** Where a committable came from; `owner` tells apart what writes under the same lineage and subtask. */
interface CommittableOrigin extends Omit<CommittableId, 'text'> {
  readonly owner: string;
}

/** `lineage/owner/subtask/version/index`. */
export function committableIdText({ lineage, owner, subtask, version, index }: CommittableOrigin): string {
  return `${lineage}/${owner}/${subtask}/${version}/${index}`;
}

/** The owner may contain anything. */
const FORM = /^(\d+)\/.*\/(\d+)\/(\d+)\/(\d+)$/s;

/** Throws InvariantError for what is no id. */
export function parseCommittableId(text: string): CommittableId {
  const match = FORM.exec(text);
  if (match === null) throw new InvariantError('INVARIANT', `'${text}' is not the id of a committable.`);
  const [lineage, subtask, version, index] = match.slice(1).map(Number);
  // Each match has these groups.
  return { text, lineage: lineage!, subtask: subtask!, version: version!, index: index! };
}
