/** The first operator of a vertex as the one whose keyed state is in a table. */
import { InvariantError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ChannelGroup } from '../../graph/execution-graph.ts';
import type { KeySelector, OperatorSpec } from '../../graph/operator-spec.ts';
import { RemoteKeyRows } from '../state/remote-key-rows.ts';
import type { KeyedEdge } from './key-demand.ts';

const LIMITS_OF_OPERATOR = { keysMax: LIMITS.residentKeysMax, bytesMax: LIMITS.residentKeyBytesMax };

export interface KeyedHead {
  readonly rows: RemoteKeyRows;
  /** The edges by which its records come. */
  readonly edges: readonly KeyedEdge[];
}

/**
 * Undefined for an operator without keys. Windows over all records have one key, which is in memory as a
 * whole wherever it is kept: it stays there.
 *
 * @param operator - how deltas name it
 */
export function keyedHeadOf(
  spec: OperatorSpec,
  operator: string,
  inputs: readonly ChannelGroup[],
): KeyedHead | undefined {
  const selectors = keySelectorsOf(spec);
  if (selectors.length === 0) return undefined;
  const edges = inputs.map(({ edge: { id, inputIndex } }) => {
    const keySelector = selectors[inputIndex];
    if (keySelector !== undefined) return { edge: id, inputIndex, keySelector };
    throw new InvariantError('INVARIANT', `Operator ${operator} has no key for its input ${inputIndex}.`);
  });
  return { rows: new RemoteKeyRows(operator, LIMITS_OF_OPERATOR), edges };
}

/** By input; empty for an operator whose keyed state is in memory. */
function keySelectorsOf(spec: OperatorSpec): readonly KeySelector[] {
  switch (spec.kind) {
    case 'keyedProcess':
    case 'keyedReduce':
      return [spec.keySelector];
    case 'window':
      return spec.allWindows ? [] : [spec.keySelector];
    case 'keyedCoProcess':
      return spec.keySelectors;
    default:
      return [];
  }
}
