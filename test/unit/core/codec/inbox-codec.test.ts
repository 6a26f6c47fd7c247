import { describe, expect, it } from 'vitest';
import { decodeInbox, encodeInbox } from '../../../../lib/core/codec/inbox-codec.ts';
import type { Frame } from '../../../../lib/core/log/frame.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';

const FRAME: Frame = {
  kind: 'frame',
  run: 'r',
  upstream: 'a/0',
  target: 'b/1',
  edge: 'e0',
  cseq: 4,
  version: 9,
  epoch: 2,
  endOfInput: true,
  runs: [
    { watermark: 5, idle: true, records: [] },
    { watermark: 7, idle: false, records: [{ keyGroup: -1, value: { a: [1n] }, timestamp: NO_TIMESTAMP }] },
  ],
};

describe('an inbox', () => {
  it('comes back as it was', () => {
    const frames = [FRAME, { ...FRAME, cseq: 5, runs: [] }];
    expect(decodeInbox(encodeInbox(frames))).toEqual(frames);
    expect(decodeInbox(encodeInbox([]))).toEqual([]);
  });

  it('is refused when it is damaged, and named', () => {
    const bytes = encodeInbox([FRAME]);
    bytes[20]! ^= 1;
    expect(() => decodeInbox(bytes, 'Inbox x')).toThrow(/Inbox x/);
  });
});
