import { UserError } from '../core/errors.ts';
import type { GraphStructure } from '../graph/structure.ts';
import type { StateOrigin } from './state-redistribution.ts';

/** What an operator is to the world outside. */
export interface OperatorConnector {
  /** Null if it has none: its state is nobody else's anyway. */
  readonly uid: string | null;
  readonly kind: string;
  readonly name: string;
  /** Of a source or sink. */
  readonly connector: string | null;
}

/**
 * Positions and committables are opaque: those of one connector mean nothing to another.
 *
 * Throws UserError STATE_INCOMPATIBLE if an operator is a source or sink of another connector now, or was
 * something else before.
 */
export function requireSameConnectors(
  before: readonly OperatorConnector[],
  now: readonly OperatorConnector[],
  { wayOut }: StateOrigin,
): void {
  const former = new Map(before.map((node) => [node.uid, node]));
  for (const node of now) {
    const old = node.uid === null ? undefined : former.get(node.uid);
    if (old === undefined) continue;
    const [was, is] = [inWords(old), inWords(node)];
    if (was === is) continue;
    throw new UserError(
      'STATE_INCOMPATIBLE',
      `'${node.uid}' was ${was} when its state was written and is ${is} now. Give it another uid and drop ` +
        `the state with --allow-non-restored-state, or ${wayOut}.`,
      { context: { operatorUid: node.uid ?? node.name } },
    );
  }
}

/** The operators of a graph. */
export function connectorsOf({ nodes }: GraphStructure): readonly OperatorConnector[] {
  return nodes.map(({ uid, kind, name, details }) => ({
    ...{ uid, kind, name },
    connector: kind === 'source' || kind === 'sink' ? String(details.connector) : null,
  }));
}

/** `an operator` for everything that is neither source nor sink. */
function inWords({ kind, connector }: OperatorConnector): string {
  return connector === null ? 'an operator' : `a ${kind} of the connector '${connector}'`;
}
