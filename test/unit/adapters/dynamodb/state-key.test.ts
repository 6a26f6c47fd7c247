import { describe, expect, it } from 'vitest';
import {
  isWholePlace,
  partitionKeyOf,
  runPrefix,
  sortKeyOf,
} from '../../../../lib/adapters/dynamodb/state-key.ts';
import { mapConcurrently } from '../../../../lib/core/concurrent-calls.ts';
import { encodeKey } from '../../../../lib/core/key.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';

const SCOPE = { run: 'run-1', operator: 'op' };

describe('keys of rows of keyed state', () => {
  it('never exceed what DynamoDB takes, and differ where keys or places differ', () => {
    for (const length of [1, 900, 1000, 1020, 1024, 2000, 2040, 2048, 9000]) {
      const [one, other] = ['a', 'b'].map((end) => encodeKey('x'.repeat(length) + end));
      const keys = [one, other].map((key) => partitionKeyOf(SCOPE, key ?? new Uint8Array()));
      const places = [one, other].map((place) => sortKeyOf(place ?? new Uint8Array()));
      for (const key of keys) expect(key.length).toBeLessThanOrEqual(2048);
      for (const place of places) expect(place.length).toBeLessThanOrEqual(1024);
      expect(keys[0]).not.toEqual(keys[1]);
      expect(places[0]).not.toEqual(places[1]);
    }
  });

  it('of a long place the sort key does not say all', () => {
    expect(isWholePlace(sortKeyOf(new Uint8Array(1023)))).toBe(true);
    expect(isWholePlace(sortKeyOf(new Uint8Array(1024)))).toBe(false);
  });

  it('a hashed key is not that of the key that spells it', () => {
    const hashed = sortKeyOf(new Uint8Array(5000));
    expect(sortKeyOf(hashed)).not.toEqual(hashed);
  });

  it('the keys of a run, and of no other, begin with its prefix', () => {
    const begins = (run: string, length: number) => {
      const key = partitionKeyOf({ run, operator: 'op' }, encodeKey('k'.repeat(length)));
      const prefix = runPrefix('run-1');
      return Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
    };
    expect([begins('run-1', 1), begins('run-1', 9000)]).toEqual([true, true]);
    expect([begins('run-10', 1), begins('run', 1), begins('run-1\u0000', 1)]).toEqual([false, false, false]);
  });
});

describe('mapConcurrently', () => {
  it('answers in order with a bounded number of calls at a time', async () => {
    let underWay = 0;
    let most = 0;
    const items = Array.from({ length: 200 }, (_, i) => i);
    const results = await mapConcurrently(items, async (item) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, item % 3));
      underWay--;
      return item * 2;
    });
    expect(results).toEqual(items.map((item) => item * 2));
    expect(most).toBe(LIMITS.tableCallsMax);
    expect(await mapConcurrently([], async () => 1)).toEqual([]);
  });

  it('after a failure begins no more calls, and rejects when none is under way', async () => {
    let underWay = 0;
    let begun = 0;
    const call = async (item: number): Promise<void> => {
      begun++;
      underWay++;
      await new Promise((resolve) => setTimeout(resolve, item === 0 ? 1 : 20));
      underWay--;
      if (item === 0) throw new Error('no');
    };
    const items = Array.from({ length: 500 }, (_, i) => i);
    await expect(mapConcurrently(items, call)).rejects.toThrow('no');
    expect({ underWay, begun }).toEqual({ underWay: 0, begun: LIMITS.tableCallsMax });
  });
});
