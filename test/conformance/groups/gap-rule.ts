/** Rules that say in words which gap an element has: `key1 => 3000; key2 with f1==10 => 1000; … else 0`. */

import type { SessionGap } from '../../../lib/api/windows/session-windows.ts';
import { type Duration, millis } from '../../../lib/core/duration.ts';
import { CannotExpress } from '../verdict.ts';

interface Clause {
  readonly key: string | undefined;
  readonly f1: number | undefined;
  readonly gapMs: number;
}

/** The gap function of a rule; the first clause that fits an element gives its gap. */
export function gapOfRule(rule: string): SessionGap<unknown> {
  const clauses = rule.split(';').map((text) => clauseOf(text.trim()));
  return (element): Duration => {
    const key = keyOf(element);
    const clause = clauses.find(
      (candidate) =>
        (candidate.key === undefined || candidate.key === key) &&
        (candidate.f1 === undefined || candidate.f1 === numberOfSecondField(element)),
    );
    if (clause === undefined)
      throw new CannotExpress(`the gap rule says nothing of ${JSON.stringify(element)}`);
    return millis(clause.gapMs);
  };
}

function clauseOf(text: string): Clause {
  const otherwise = /^else (\d+)$/.exec(text);
  if (otherwise !== null) return { key: undefined, f1: undefined, gapMs: Number(otherwise[1]) };
  const [, key, f1, gap] = /^(\w+)(?: with f1==(-?\d+)| otherwise)? => (\d+)$/.exec(text) ?? [];
  if (key === undefined) throw new CannotExpress(`gap rule ${JSON.stringify(text)}`);
  return { key, f1: f1 === undefined ? undefined : Number(f1), gapMs: Number(gap) };
}

function keyOf(element: unknown): unknown {
  return Array.isArray(element) ? (element[0] as unknown) : undefined;
}

/** Field f1 of a tuple: the number that cases add up. */
export function numberOfSecondField(element: unknown): number {
  const field: unknown = Array.isArray(element) ? element[1] : undefined;
  if (typeof field !== 'number') throw new CannotExpress(`f1 of ${JSON.stringify(element)} is not a number`);
  return field;
}
