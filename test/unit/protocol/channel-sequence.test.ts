import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../lib/core/limits.ts';
import { classifyFrame, mustPull } from '../../../lib/protocol/channel-sequence.ts';
import { channelWatermark, mayApplyHint, mayHint } from '../../../lib/protocol/watermark-hint.ts';

describe('I6: frames of a channel', () => {
  it('are consumed as 1, 2, 3… whatever the order and number of deliveries', () => {
    const deliveries = fc.integer({ min: 1, max: 20 }).chain((count) => {
      const all = Array.from({ length: count }, (_, i) => i + 1);
      return fc
        .tuple(fc.shuffledSubarray(all, { minLength: count }), fc.array(fc.constantFrom(...all)))
        .map(([order, again]) => ({ count, order: [...again, ...order, ...again] }));
    });
    fc.assert(
      fc.property(deliveries, ({ count, order }) => {
        const parked = new Set<number>();
        const consumed: number[] = [];
        for (const cseq of order) {
          let next = cseq;
          const last = (): number => consumed.at(-1) ?? 0;
          const decision = classifyFrame({ cseq, consumed: last(), parked: parked.has(cseq) });
          if (decision === 'park') parked.add(cseq);
          if (decision !== 'consume') continue;
          do {
            parked.delete(next);
            consumed.push(next);
            next++;
          } while (parked.has(next));
        }
        expect(consumed).toEqual(Array.from({ length: count }, (_, i) => i + 1));
        expect(parked.size).toBe(0);
      }),
    );
  });

  it.each([
    { parkedFrames: 0, ageMs: LIMITS.channelGapMs * 2, pulls: false },
    { parkedFrames: 1, ageMs: LIMITS.channelGapMs - 1, pulls: false },
    { parkedFrames: 1, ageMs: LIMITS.channelGapMs, pulls: true },
    { parkedFrames: LIMITS.parkedFramesMax, ageMs: 0, pulls: false },
    { parkedFrames: LIMITS.parkedFramesMax + 1, ageMs: 0, pulls: true },
  ])('$parkedFrames frames behind a gap for $ageMs ms: fetched $pulls', ({ pulls, ...gap }) => {
    expect(mustPull(gap)).toBe(pulls);
  });
});

describe('I14: hints', () => {
  it('wait for the frames that were produced before them', () => {
    expect([
      mayApplyHint({ afterCseq: 4, consumed: 3 }),
      mayApplyHint({ afterCseq: 4, consumed: 4 }),
    ]).toEqual([false, true]);
  });

  it('come from committed state and move no watermark back', () => {
    expect([mayHint({ committed: true }), mayHint({ committed: false })]).toEqual([true, false]);
    expect([channelWatermark(5, 3), channelWatermark(5, 9)]).toEqual([5, 9]);
  });
});
