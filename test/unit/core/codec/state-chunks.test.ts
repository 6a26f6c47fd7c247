import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunksOf } from '../../../../lib/core/codec/state-chunks.ts';
import { encodeStateChunk } from '../../../../lib/core/codec/state-codec.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { StateImage } from '../../../../lib/protocol/state-image.ts';
import { DELTAS } from './samples.ts';

function foldOf(deltas: readonly OperatorDelta[]): readonly OperatorDelta[] {
  const image = new StateImage();
  for (const delta of deltas) image.apply(delta);
  return image.deltas();
}

function largeState(places: number, valueBytes: number): OperatorDelta {
  const changes = Array.from(
    { length: places },
    (_, key) =>
      ({ op: 'put', key, namespace: undefined, part: undefined, value: 'x'.repeat(valueBytes) }) as const,
  );
  return { ...DELTAS[1]!, keyed: [{ name: 'v', kind: 'value', changes }] };
}

describe('chunks of a state', () => {
  test('give together what the state gives, however small they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (maxBytes) => {
        const chunks = chunksOf(DELTAS, maxBytes);
        expect(foldOf(chunks.flat())).toEqual(foldOf(DELTAS));
        const timers = chunks.flat().flatMap((delta) => delta.timers);
        expect(timers).toEqual(DELTAS.flatMap((delta) => delta.timers));
      }),
    );
  });

  test('are about as large as asked for', () => {
    const chunks = chunksOf([largeState(1000, 100)], 10_000);
    expect(chunks.length).toBeGreaterThan(9);
    expect(chunks.length).toBeLessThan(13);
    const [first] = chunks;
    expect(first![0]!.keyed[0]!.changes.length).toBeGreaterThan(80);
  });

  test('hold a change that is larger alone', () => {
    const chunks = chunksOf([largeState(3, 100)], 10);
    expect(chunks.map((deltas) => deltas[0]!.keyed[0]!.changes.length)).toEqual([1, 1, 1]);
  });

  test('are one for a small state and none for no state', () => {
    expect(chunksOf(DELTAS, LIMITS.stateChunkBytes)).toHaveLength(1);
    expect(encodeStateChunk(chunksOf(DELTAS, LIMITS.stateChunkBytes)[0]!)).toEqual(encodeStateChunk(DELTAS));
    expect(chunksOf([], 10)).toEqual([]);
  });
});
