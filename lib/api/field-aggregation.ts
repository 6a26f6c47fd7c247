import type { ReduceFunction } from '../core/functions/reduce-function.ts';

/** The roll-ups over one field. Source: Flink's SumAggregator and ComparableAggregator. */
export type RollUp = 'sum' | 'min' | 'max' | 'minBy' | 'maxBy';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The ReduceFunction of a roll-up over one field. `sum`, `min` and `max` keep the other fields of the first
 * record; `minBy` and `maxBy` keep whole records, the first of equals.
 */
export function fieldAggregation(rollUp: RollUp, field: string): ReduceFunction<unknown> {
  switch (rollUp) {
    case 'sum':
      return onFields((a, b) => withField(a, field, add(a[field], b[field])));
    case 'min':
      return onFields((a, b) => (less(b[field], a[field]) ? withField(a, field, b[field]) : a));
    case 'max':
      return onFields((a, b) => (less(a[field], b[field]) ? withField(a, field, b[field]) : a));
    case 'minBy':
      return onFields((a, b) => (less(b[field], a[field]) ? b : a));
    case 'maxBy':
      return onFields((a, b) => (less(a[field], b[field]) ? b : a));
  }
}

function onFields(reduce: (a: Fields, b: Fields) => unknown): ReduceFunction<unknown> {
  // The fluent API takes only names of fields that the records have, so records are objects.
  return { reduce: (a, b) => reduce(a as Fields, b as Fields) };
}

function add(a: unknown, b: unknown): number {
  // The fluent API takes only fields that are all numbers or all bigints; `+` serves both.
  return (a as number) + (b as number);
}

function less(a: unknown, b: unknown): boolean {
  // The fluent API takes only fields of comparable types; `<` serves them all.
  return (a as number) < (b as number);
}

function withField(record: Fields, field: string, value: unknown): unknown {
  return Array.isArray(record) ? record.with(Number(field), value) : { ...record, [field]: value };
}
