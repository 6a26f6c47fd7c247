import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../lib/core/limits.ts';
import { MIN_TIMESTAMP } from '../../../../lib/core/time.ts';
import type { Batch, Control } from '../../../../lib/ports/channel.ts';
import { InputChannel } from '../../../../lib/runtime/invocation/input-channel.ts';
import { OutboxChannel } from '../../../../lib/runtime/invocation/outbox-channel.ts';

const outbox = () => new OutboxChannel({ target: 'b/0', edge: 'e0', keyGroup: () => -1 });

function batch(values: readonly unknown[], controls: readonly Control[] = []): Batch {
  return { values, timestamps: values.map(() => 0), controls };
}

/** Each record with the watermark and the status before it, and the ones behind the last. */
function seen(batches: readonly Batch[]): readonly unknown[] {
  let watermark = MIN_TIMESTAMP;
  let idle = false;
  const records: unknown[] = [];
  for (const { values, controls } of batches) {
    for (let at = 0; at <= values.length; at++) {
      for (const control of controls.filter((one) => one.at === at)) {
        if (control.kind === 'watermark') watermark = Math.max(watermark, control.watermark);
        else if (control.kind !== 'end-of-input') idle = control.kind === 'idle';
      }
      if (at < values.length) records.push([values[at], watermark, idle]);
    }
  }
  return [...records, [watermark, idle]];
}

function drained(channel: InputChannel): readonly Batch[] {
  const batches: Batch[] = [];
  for (let next = channel.poll(); next !== undefined; next = channel.poll()) batches.push(next);
  return batches;
}

describe('frames of a channel', () => {
  it('keep every record behind the watermark that stood before it, however they are cut', () => {
    const control = fc.oneof(
      fc.record({ kind: fc.constant('watermark' as const), watermark: fc.nat(50) }),
      fc.record({ kind: fc.constantFrom('idle' as const, 'active' as const) }),
    );
    const part = fc.oneof(fc.nat(9), control);
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 8 }), { maxLength: 6 }), (versions) => {
        const sent: Batch[] = [];
        const sender = outbox();
        const receiver = new InputChannel();
        for (const parts of versions) {
          const values: unknown[] = [];
          const controls: Control[] = [];
          for (const one of parts) {
            if (typeof one === 'number') values.push(one);
            else controls.push({ ...one, at: values.length });
          }
          sent.push(batch(values, controls));
          sender.offer(batch(values, controls));
          for (const frame of sender.takeFrames()) receiver.offerInput(frame);
          const hint = sender.takeWatermark();
          if (hint !== undefined) {
            receiver.offerInput({ runs: [{ ...hint, records: [] }], endOfInput: false });
          }
        }
        expect(seen(drained(receiver))).toEqual(seen(sent));
      }),
    );
  });

  it('hold a bounded number of records, and the end of the input last', () => {
    const channel = outbox();
    const count = LIMITS.frameRecordsMax * 2 + 1;
    const values = Array.from({ length: count }, (_, i) => i);
    channel.offer(batch(values, [{ kind: 'end-of-input', at: count }]));
    const frames = channel.takeFrames();
    expect(frames.map(({ endOfInput }) => endOfInput)).toEqual([false, false, true]);
    const records = frames.map(({ runs }) => runs.flatMap((run) => run.records.map(({ value }) => value)));
    expect(records.map(({ length }) => length <= LIMITS.frameRecordsMax)).toEqual([true, true, true]);
    expect(records.flat()).toEqual(values);
  });

  it('are none for a status alone: it is told, and told again, before the first watermark too', () => {
    const channel = outbox();
    expect(channel.currentWatermark()).toBeUndefined();
    for (const idle of [true, false]) {
      channel.offer(batch([], [{ kind: idle ? 'idle' : 'active', at: 0 }]));
      expect(channel.takeFrames()).toEqual([]);
      const told = { target: 'b/0', edge: 'e0', watermark: MIN_TIMESTAMP, idle };
      expect(channel.takeWatermark()).toEqual(told);
      expect(channel.currentWatermark()).toEqual(told);
    }
  });

  it('are none for a watermark alone: that is told without a version', () => {
    const channel = outbox();
    channel.offer(batch([], [{ kind: 'watermark', at: 0, watermark: 5 }]));
    expect(channel.takeFrames()).toEqual([]);
    expect(channel.takeWatermark()).toEqual({ target: 'b/0', edge: 'e0', watermark: 5, idle: false });
    expect(channel.takeWatermark()).toBeUndefined();
  });
});
