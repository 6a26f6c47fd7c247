import { UserError } from '../core/errors.ts';
import type { GraphStructure, NodeStructure } from '../graph/structure.ts';

/**
 * Positions and committables are opaque: those of one connector mean nothing to another.
 *
 * Throws UserError STATE_INCOMPATIBLE if an operator is a source or sink of another connector now, or was
 * something else before.
 */
export function requireSameConnectors(before: GraphStructure, now: GraphStructure): void {
  const former = new Map(before.nodes.map((node) => [node.uid, node]));
  for (const node of now.nodes) {
    const old = node.uid === null ? undefined : former.get(node.uid);
    if (old === undefined) continue;
    const [was, is] = [connectorOf(old), connectorOf(node)];
    if (was === is) continue;
    throw new UserError(
      'STATE_INCOMPATIBLE',
      `'${node.uid}' was ${was} when its state was written and is ${is} now. Give it another uid and drop ` +
        'the state with --allow-non-restored-state, or start over with --fresh.',
      { context: { operatorUid: node.uid ?? node.name } },
    );
  }
}

/** `an operator` for everything that is neither source nor sink. */
function connectorOf({ kind, details }: NodeStructure): string {
  if (kind === 'source' || kind === 'sink') return `a ${kind} of the connector '${details.connector}'`;
  return 'an operator';
}
