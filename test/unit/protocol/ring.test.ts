import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../lib/core/limits.ts';
import { hasRoom, meaningOfScan, mustCompact, slotOf } from '../../../lib/protocol/ring.ts';

const base = (version: number, archivedThrough = version) => ({ version, archivedThrough, manifest: 'm' });

describe('the ring', () => {
  it.each([
    { version: 1, base: undefined, room: true },
    { version: 1024, base: undefined, room: true },
    { version: 1025, base: undefined, room: false },
    { version: 1025, base: base(1), room: true },
    { version: 1025, base: base(5, 0), room: false },
    { version: 2048, base: base(1023), room: false },
    { version: 2048, base: base(1024), room: true },
  ])('I3: version $version over base $base.version has room: $room', ({ room, ...place }) => {
    expect(hasRoom({ ringSize: 1024, ...place })).toBe(room);
  });

  it('I3: leaves slots to headless items behind the last version of a batch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2048 }), fc.nat(10_000), (ringSize, folded) => {
        let version = folded + 1;
        while (!mustCompact({ version, ringSize, base: base(folded) })) version++;
        const free = folded + ringSize - version + 1;
        expect(free).toBe(Math.min(LIMITS.logRingReservedSlots, Math.floor(ringSize / 2)));
        expect(hasRoom({ version, ringSize, base: base(folded) })).toBe(true);
      }),
    );
  });

  it('I2: a version takes the slot of the version one lap before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2048 }), fc.nat(100_000), (ringSize, version) => {
        expect(slotOf(version + ringSize, ringSize)).toBe(slotOf(version, ringSize));
      }),
    );
  });

  it('I2: takes a slot of a later lap for an overrun, never for the head', () => {
    expect([meaningOfScan('limit'), meaningOfScan('head'), meaningOfScan('overrun')]).toEqual([
      'more',
      'head',
      'reload',
    ]);
  });
});
