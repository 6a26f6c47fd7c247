import { describe, expect, it } from 'vitest';
import { fieldAggregation } from '../../../lib/api/field-aggregation.ts';

const first = { symbol: 'A', price: 3, time: 1 };
const second = { symbol: 'B', price: 2, time: 2 };
const equal = { symbol: 'C', price: 3, time: 3 };

describe('a roll-up', () => {
  it('sum, min and max keep the other fields of the first record', () => {
    expect(fieldAggregation('sum', 'price').reduce(first, second)).toEqual({ ...first, price: 5 });
    expect(fieldAggregation('min', 'price').reduce(first, second)).toEqual({ ...first, price: 2 });
    expect(fieldAggregation('max', 'price').reduce(second, first)).toEqual({ ...second, price: 3 });
    expect(fieldAggregation('max', 'price').reduce(first, second)).toBe(first);
  });

  it('minBy and maxBy keep whole records, the first of equals', () => {
    expect(fieldAggregation('minBy', 'price').reduce(first, second)).toBe(second);
    expect(fieldAggregation('maxBy', 'price').reduce(second, first)).toBe(first);
    expect(fieldAggregation('minBy', 'price').reduce(first, equal)).toBe(first);
    expect(fieldAggregation('maxBy', 'price').reduce(first, equal)).toBe(first);
  });

  it('changes no record', () => {
    const frozen = Object.freeze({ ...first });
    fieldAggregation('sum', 'price').reduce(frozen, second);
    expect(frozen).toEqual(first);
  });

  it('works on tuples, bigints, texts and dates', () => {
    expect(fieldAggregation('sum', '1').reduce(['a', 1n], ['b', 2n])).toEqual(['a', 3n]);
    expect(fieldAggregation('max', 'symbol').reduce(first, second)).toEqual({ ...first, symbol: 'B' });
    const early = { at: new Date(1) };
    const late = { at: new Date(2) };
    expect(fieldAggregation('maxBy', 'at').reduce(early, late)).toBe(late);
  });
});
