import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayReturnToCache, mayTouchOutside } from '../../../lib/protocol/cache-ownership.ts';
import { epochOf, snapshotVersion } from '../../../lib/protocol/epoch.ts';
import { attemptNonce, identifyPut } from '../../../lib/protocol/fencing.ts';
import { isConsumed, isProcessed, isSuccess } from '../../../lib/protocol/input-accounting.ts';
import { processingTimeOf } from '../../../lib/protocol/processing-time.ts';
import { acceptsRun, mayCommitCode } from '../../../lib/protocol/run-isolation.ts';
import { mayFinish, reactToSeal } from '../../../lib/protocol/seal.ts';
import { mayPutData, mustResend, sentThroughOf } from '../../../lib/protocol/send-order.ts';
import { inferSentThrough } from '../../../lib/protocol/sent-inference.ts';
import { compareSequenceNumbers } from '../../../lib/protocol/sequence-number.ts';

describe('I1: whose put it was', () => {
  const item = { version: 7, writer: 'me' };
  it.each([
    { found: undefined, fate: 'absent' },
    { found: { version: 3, writer: 'me' }, fate: 'absent' },
    { found: { version: 7, writer: 'me' }, fate: 'mine' },
    { found: { version: 7, writer: 'other' }, fate: 'lost' },
    { found: { version: 11, writer: 'me' }, fate: 'lost' },
  ])('a slot with $found is $fate', ({ found, fate }) => {
    expect(identifyPut(item, found)).toBe(fate);
  });

  it('gives another content another nonce', () => {
    expect(attemptNonce('i', 1)).not.toBe(attemptNonce('i', 2));
  });
});

describe('I4: order of sends', () => {
  it('puts a version only when everything before it is acknowledged', () => {
    expect(mayPutData({ version: 5, acknowledgedThrough: 5 })).toBe(true);
    expect(mayPutData({ version: 5, acknowledgedThrough: 4 })).toBe(false);
  });

  it('says that a version without an outbox is sent', () => {
    const head = { version: 5, acknowledgedThrough: 5 };
    expect([sentThroughOf(head, 0), sentThroughOf(head, 3)]).toEqual([6, 5]);
    expect([mustResend(5, 5), mustResend(6, 5)]).toEqual([false, true]);
  });
});

describe('I8: what a batch proves', () => {
  const unsent = [
    { version: 3, positions: { s: '10' } },
    { version: 4, positions: {} },
    { version: 5, positions: { s: '99', t: '4' } },
  ];
  it.each([
    { first: {}, proved: 0 },
    { first: { s: '10' }, proved: 0 },
    { first: { s: '11' }, proved: 3 },
    { first: { s: '100' }, proved: 5 },
    { first: { t: '5' }, proved: 5 },
  ])('a batch that begins at $first proves $proved', ({ first, proved }) => {
    expect(inferSentThrough(unsent, first)).toBe(proved);
  });

  it('proves nothing for a record that may be a redelivery', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        (p, d) => {
          const first = { s: String(p > d ? p - d : p) };
          expect(inferSentThrough([{ version: 1, positions: { s: String(p) } }], first)).toBe(0);
        },
      ),
    );
  });
});

describe('I7, I8: positions', () => {
  it('orders sequence numbers of any length as numbers', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 56n });
    fc.assert(
      fc.property(digits, digits, fc.nat(5), (a, b, zeros) => {
        const order = compareSequenceNumbers(`${'0'.repeat(zeros)}${a}`, String(b));
        expect(Math.sign(order)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it.each([
    { committed: undefined, acknowledged: true, processed: false },
    { committed: '4', acknowledged: true, processed: false },
    { committed: '5', acknowledged: false, processed: false },
    { committed: '5', acknowledged: true, processed: true },
  ])('record 5 at position $committed, acknowledged $acknowledged', ({ processed, ...fate }) => {
    const record = { sequenceNumber: '5', attempted: true, repeated: false };
    expect(isProcessed({ ...record, ...fate })).toBe(processed);
  });

  it('I13: what a finished log has consumed is processed without a position, if all is acknowledged', () => {
    const repeated = { sequenceNumber: '5', committed: '4', attempted: true, repeated: true };
    expect([true, false].map((acknowledged) => isProcessed({ ...repeated, acknowledged }))).toEqual([
      true,
      false,
    ]);
  });

  it('I8: is a success without a failure and without a rest', () => {
    const ends = [false, true].flatMap((failed) =>
      [false, true].map((unprocessed) => ({ failed, unprocessed })),
    );
    expect(ends.filter(isSuccess)).toEqual([{ failed: false, unprocessed: false }]);
  });

  it('has consumed nothing of a shard without a position', () => {
    expect(isConsumed('1', undefined)).toBe(false);
  });
});

describe('I10, I11: epochs', () => {
  it('takes the highest epoch of the version before and of what it consumed', () => {
    expect(epochOf(3, [])).toBe(3);
    expect(epochOf(3, [2, 5, 4])).toBe(5);
  });

  it('never counts a frame without its sender, whatever the interleaving', () => {
    const event = fc.record({ receiver: fc.boolean(), epoch: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (events, n) => {
        const sender = [{ version: 0, epoch: 0, frames: 0 }];
        const receiver = [{ version: 0, epoch: 0, frames: 0 }];
        for (const { receiver: receives, epoch } of events) {
          const log = receives ? receiver : sender;
          const head = log.at(-1)!;
          const next = receives ? sender.find(({ frames }) => frames === head.frames + 1) : undefined;
          if (receives && next === undefined) continue;
          const frames = receives ? [next!.epoch] : [];
          // Every third event of the sender is an epoch item of a coordinator.
          const requested = receives ? head.epoch : Math.max(head.epoch, epoch);
          log.push({
            version: head.version + 1,
            epoch: epochOf(requested, frames),
            frames: head.frames + 1,
          });
        }
        const cut = (log: typeof sender) => log[snapshotVersion(n, log)]!.frames;
        expect(cut(receiver)).toBeLessThanOrEqual(cut(sender));
      }),
    );
  });
});

describe('I9: the cache', () => {
  it('takes back only what equals the log', () => {
    const clean = { version: 1, uncommitted: false, sealed: false };
    expect(mayReturnToCache(clean)).toBe(true);
    expect(mayReturnToCache({ ...clean, uncommitted: true })).toBe(false);
    expect(mayReturnToCache({ ...clean, sealed: true })).toBe(false);
    expect([mayTouchOutside(2, 2), mayTouchOutside(1, 2)]).toEqual([true, false]);
  });
});

describe('I13: seals', () => {
  it('lets a finished log report, and a sealed one nothing', () => {
    expect([reactToSeal(undefined), reactToSeal('finished'), reactToSeal('savepoint')]).toEqual([
      'run',
      'report-consumed',
      'refuse',
    ]);
  });

  it('finishes a log only when all input has ended and everything is sent', () => {
    const done = { inputEnded: true, version: 4, acknowledgedThrough: 4, inboxPending: false };
    expect(mayFinish(done)).toBe(true);
    expect(mayFinish({ ...done, inputEnded: false })).toBe(false);
    expect(mayFinish({ ...done, acknowledgedThrough: 3 })).toBe(false);
    expect(mayFinish({ ...done, inboxPending: true })).toBe(false);
  });
});

describe('I15: runs', () => {
  it('takes only what is of its own run and code', () => {
    expect([acceptsRun('a', 'a'), acceptsRun('a', 'b')]).toEqual([true, false]);
    expect([mayCommitCode(undefined, 'a'), mayCommitCode('a', 'a'), mayCommitCode('a', 'b')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('never moves processing time back', () => {
    expect([processingTimeOf(5, 3), processingTimeOf(5, 8)]).toEqual([5, 8]);
  });
});
