import { describe, expect, it } from 'vitest';
import { KeyResidency } from '../../../../lib/runtime/state/key-residency.ts';

const noSizes = () => {
  throw new Error('Nobody asked for too many bytes.');
};

function withKeys(count: number, limits: { keysMax: number; bytesMax: number }): KeyResidency {
  const residency = new KeyResidency(limits);
  for (let key = 0; key < count; key++) residency.add(key);
  return residency;
}

describe('KeyResidency', () => {
  it('lets those go first that were not used since the last sweep, then the oldest', () => {
    const residency = withKeys(6, { keysMax: 8, bytesMax: 100 });
    expect([...residency.sweep(undefined, noSizes)]).toEqual([0, 1]);
    residency.use(2);
    for (const key of [6, 7, 8]) residency.add(key);
    expect([...residency.sweep(undefined, noSizes)]).toEqual([3, 4, 5]);
    for (const key of [2, 6, 7, 8, 9]) if (!residency.use(key)) residency.add(key);
    expect([...residency.sweep(undefined, noSizes)]).toEqual([2]);
  });

  it('never lets the kept key go', () => {
    const residency = withKeys(3, { keysMax: 1, bytesMax: 100 });
    expect([...residency.sweep(1, noSizes)]).toEqual([0, 2]);
    expect(residency.use(1)).toBe(true);
    expect(residency.use(0)).toBe(false);
  });

  it('is exceeded by keys or by bytes, and counts bytes only when there may be too many', () => {
    const residency = withKeys(4, { keysMax: 4, bytesMax: 100 });
    expect(residency.exceeded).toBe(false);
    residency.grow(101);
    expect(residency.exceeded).toBe(true);
    const sizes = new Map([0, 1, 2, 3].map((key) => [key, 20]));
    expect([...residency.sweep(undefined, () => sizes)]).toEqual([0, 1]);
    expect(residency.exceeded).toBe(false);
    residency.add(4);
    residency.add(5);
    residency.add(6);
    expect(residency.exceeded).toBe(true);
  });
});
