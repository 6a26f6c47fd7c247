import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIN_TIMESTAMP } from '../../../lib/core/time.ts';
import { CombinedWatermark } from '../../../lib/protocol/combined-watermark.ts';

describe('CombinedWatermark', () => {
  it('is the least of its inputs once all have been heard', () => {
    const combined = CombinedWatermark.ofInputs(2);
    expect(combined.watermark).toBe(MIN_TIMESTAMP);
    expect(combined.updateWatermark(0, 17)).toBe(false);
    expect(combined.updateWatermark(1, 12)).toBe(true);
    expect(combined.watermark).toBe(12);
    expect(combined.updateWatermark(1, 12)).toBe(false);
    expect(combined.updateWatermark(1, 42)).toBe(true);
    expect(combined.watermark).toBe(17);
  });

  it('does not wait for idle inputs', () => {
    const combined = CombinedWatermark.ofInputs(2);
    combined.updateWatermark(0, 17);
    expect(combined.updateStatus(1, true)).toBe(true);
    expect([combined.watermark, combined.idle]).toEqual([17, false]);
    expect(combined.updateStatus(0, true)).toBe(false);
    expect([combined.watermark, combined.idle]).toEqual([17, true]);
  });

  it('does not fall when an input that is behind becomes active', () => {
    const combined = CombinedWatermark.ofInputs(2);
    combined.updateStatus(1, true);
    combined.updateWatermark(0, 17);
    expect(combined.updateStatus(1, false)).toBe(false);
    expect(combined.updateWatermark(1, 5)).toBe(false);
    expect(combined.watermark).toBe(17);
    expect(combined.updateWatermark(0, 30)).toBe(false);
    expect(combined.updateWatermark(1, 20)).toBe(true);
    expect(combined.watermark).toBe(20);
  });

  it('takes a watermark of an idle input as a sign of life', () => {
    const combined = CombinedWatermark.ofInputs(1);
    combined.updateStatus(0, true);
    expect(combined.updateWatermark(0, 3)).toBe(true);
    expect(combined.idle).toBe(false);
  });

  it('goes on where a copy of its inputs left off', () => {
    const combined = CombinedWatermark.ofInputs(2);
    combined.updateWatermark(0, 17);
    combined.updateStatus(1, true);
    const copy = new CombinedWatermark(combined.inputs, combined.watermark);
    expect(copy.updateWatermark(0, 18)).toBe(true);
    expect([combined.watermark, copy.watermark]).toEqual([17, 18]);
  });

  it('never falls and never passes an active input, unless it was already past it', () => {
    const change = fc.record({
      index: fc.nat(2),
      watermark: fc.option(fc.nat(20), { nil: undefined }),
      idle: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const combined = CombinedWatermark.ofInputs(3);
        for (const { index, watermark, idle } of changes) {
          const before = combined.watermark;
          const advanced =
            watermark === undefined
              ? combined.updateStatus(index, idle)
              : combined.updateWatermark(index, watermark);
          expect(advanced).toBe(combined.watermark > before);
          expect(combined.watermark).toBeGreaterThanOrEqual(before);
          const active = combined.inputs.filter((input) => !input.idle).map((input) => input.watermark);
          expect(combined.idle).toBe(active.length === 0);
          if (advanced) expect(combined.watermark).toBe(Math.min(...active));
        }
      }),
    );
  });
});
