/**
 * The version whose rows the state table may lack.
 *
 * 1. A process puts a version of its own only when the rows of all versions before are in the table. So at
 *    most one version is in doubt: the last one that a process has put, if it has changed keyed state.
 * 2. Items of a coordinator say nothing of it.
 */
import type { LogItem } from '../core/log/log-item.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';

/** What a version says of keyed state. */
export interface KeyedVersion {
  readonly version: number;
  /** Their keyed part only. */
  readonly deltas: readonly OperatorDelta[];
}

/** The version in doubt once `item` follows, if it was `before`. */
export function keyedVersionAfter(
  before: KeyedVersion | undefined,
  { version, kind }: Pick<LogItem, 'version' | 'kind'>,
  operators: readonly OperatorDelta[],
): KeyedVersion | undefined {
  const deltas = keyedPart(operators);
  if (deltas.length > 0) return { version, deltas };
  return kind === 'data' ? undefined : before;
}

/** Rows of a newer version than that of the replica show that it is behind its log. */
export function mayTakeRows(rows: { readonly newest: number; readonly version: number }): boolean {
  return rows.newest <= rows.version;
}

/** A base may have the changes of one version in several chunks. */
export function withChunk(
  before: KeyedVersion | undefined,
  version: number,
  deltas: readonly OperatorDelta[],
): KeyedVersion {
  return { version, deltas: before?.version === version ? [...before.deltas, ...deltas] : deltas };
}

/** Without timers, operator state and watermarks. */
function keyedPart(operators: readonly OperatorDelta[]): readonly OperatorDelta[] {
  return operators
    .filter(({ keyed }) => keyed.length > 0)
    .map(({ operator, keyed }) => ({
      ...{ operator, keyed, timers: [], states: [] },
      ...{ watermark: undefined, keyGroupWatermarks: undefined },
    }));
}
