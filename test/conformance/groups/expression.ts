/** Expressions of described functions: literals, templates and a few names, joined by `+`. */
import { encodeTimesIn } from '../numbers.ts';
import { CannotExpress } from '../verdict.ts';

/** What an expression can see. */
export interface Scope {
  readonly value: unknown;
  readonly inputNumber: 1 | 2;
  readonly key: unknown;
  readonly state: unknown;
  /** Times are in ms since the epoch; null if the record has no timestamp. */
  readonly timestamp: number | null;
  readonly currentWatermark: number;
  readonly currentProcessingTime: number;
  /** The clock that `current` names. */
  readonly current: number;
}

export type Expression = (scope: Scope) => unknown;

const NAMES: Readonly<Record<string, Expression>> = {
  v: ({ value }) => value,
  value: ({ value }) => value,
  element: ({ value }) => value,
  inputNo: ({ inputNumber }) => inputNumber,
  key: ({ key }) => key,
  currentKey: ({ key }) => key,
  s: ({ state }) => state,
  timestamp: ({ timestamp }) => timestamp,
  currentWatermark: ({ currentWatermark }) => currentWatermark,
  currentProcessingTime: ({ currentProcessingTime }) => currentProcessingTime,
  now: ({ currentProcessingTime }) => currentProcessingTime,
  current: ({ current }) => current,
  null: () => null,
};

/** Parses an expression; JavaScript's `+` adds numbers and joins texts. */
export function parseExpression(text: string): Expression {
  const [first, ...rest] = splitOutside(text, /\+/).map((term) => parseTerm(term.trim()));
  if (first === undefined) throw new CannotExpress(`expression ${JSON.stringify(text)}`);
  return (scope) => rest.reduce((left, term) => add(left, term(scope)), first(scope));
}

function add(left: unknown, right: unknown): unknown {
  return typeof left === 'number' && typeof right === 'number'
    ? left + right
    : `${textOf(left)}${textOf(right)}`;
}

function parseTerm(text: string): Expression {
  const [, left, right] = /^(.+?) \?\? (.+)$/.exec(text.startsWith('`') ? '' : text) ?? [];
  if (left !== undefined && right !== undefined) {
    const first = parseTerm(left);
    const second = parseTerm(right);
    return (scope) => first(scope) ?? second(scope);
  }
  if (/^-?\d+$/.test(text)) return () => Number(text);
  const [, literal] = /^"([^"]*)"$/.exec(text) ?? [];
  if (literal !== undefined) return () => literal;
  const [, template] = /^`([^`]*)`$/.exec(text) ?? [];
  if (template !== undefined) return parseTemplate(template);
  const [, index] = /^(?:v|value|element)\[(\d+)\]$/.exec(text) ?? [];
  if (index !== undefined)
    return ({ value }) => (Array.isArray(value) ? (value[Number(index)] as unknown) : undefined);
  const name = NAMES[text.replace(/^(ctx|timerService|ctx\.timerService)\./, '').replace(/\(\)$/, '')];
  if (name !== undefined) return name;
  throw new CannotExpress(`expression ${JSON.stringify(text)}`);
}

function parseTemplate(template: string): Expression {
  const parts = template.split(/\$\{([^}]*)\}/);
  const terms = parts.map(
    (part, index): Expression => (index % 2 === 0 ? () => part : parseExpression(part)),
  );
  return (scope) => terms.map((term) => textOf(term(scope))).join('');
}

/** Times near the ends of the range are written as Flink would print them. */
function textOf(value: unknown): string {
  if (value === undefined) return 'null';
  return String(encodeTimesIn(value));
}

const OPENING = '([{';
const CLOSING = ')]}';
const QUOTES = '"`\'';

/** Splits at separators that stand in no quotes and no brackets. */
export function splitOutside(text: string, separator: RegExp): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote: string | undefined;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
    } else if (QUOTES.includes(character)) quote = character;
    else if (OPENING.includes(character)) depth++;
    else if (CLOSING.includes(character)) depth--;
    else if (depth === 0 && separator.test(character)) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}
