import type { KeySelector } from '../../../lib/graph/operator-spec.ts';
import { CannotExpress } from '../verdict.ts';

/** The key selector that a case names: `element[0]`, `identity`, `constant`, `String(element) …`. */
export function keySelectorOf(keyBy: unknown): KeySelector {
  if (typeof keyBy !== 'string') throw new CannotExpress(`keyBy ${JSON.stringify(keyBy)}`);
  const [, index] = /^(?:element|value)\[(\d+)\]$/.exec(keyBy) ?? [];
  if (index !== undefined)
    return (element) => (Array.isArray(element) ? (element[Number(index)] as unknown) : undefined);
  if (keyBy === 'identity') return (element) => element;
  if (keyBy === 'constant') return () => 0;
  if (/^String\(element\)/.test(keyBy)) return (element) => String(element);
  throw new CannotExpress(`keyBy ${JSON.stringify(keyBy)}`);
}
