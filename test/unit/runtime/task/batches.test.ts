import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryChannel } from '../../../../lib/adapters/memory/memory-channel.ts';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { Input } from '../../../../lib/runtime/operator.ts';
import { BatchBuilder } from '../../../../lib/runtime/task/batch-builder.ts';
import { deliverBatch } from '../../../../lib/runtime/task/input-gate.ts';

type Event =
  | readonly ['record', unknown, number]
  | readonly ['watermark', number]
  | readonly ['idle', boolean];

/** Writes down what an operator would see. */
class Recorder implements Input {
  readonly events: Event[] = [];
  processElement(value: unknown, timestamp: number): void {
    this.events.push(['record', value, timestamp]);
  }
  processWatermark(watermark: number): void {
    this.events.push(['watermark', watermark]);
  }
  processWatermarkStatus(idle: boolean): void {
    this.events.push(['idle', idle]);
  }
}

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('record' as const), fc.anything(), fc.integer()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('watermark' as const), fc.integer()) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('idle' as const), fc.boolean()) },
);

/** Of watermarks between the same two records only the last one matters. */
function withoutOvertaken(events: readonly Event[]): readonly Event[] {
  return events.filter((event, i) => event[0] !== 'watermark' || events[i + 1]?.[0] !== 'watermark');
}

function drain(channel: MemoryChannel, input: Input): boolean {
  let ended = false;
  for (let batch = channel.poll(); batch !== undefined; batch = channel.poll())
    ended = deliverBatch(batch, input);
  return ended;
}

describe('a channel', () => {
  it('delivers records and controls in the order they were sent, however cut into batches', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, fc.boolean()), { maxLength: 60 }), (sent) => {
        const channel = new MemoryChannel();
        const builder = new BatchBuilder(channel);
        for (const [event, flush] of sent) {
          if (event[0] === 'record') builder.addRecord(event[1], event[2]);
          else if (event[0] === 'watermark') builder.addWatermark(event[1]);
          else builder.addStatus(event[1]);
          if (flush) builder.flush();
        }
        builder.addEndOfInput();
        builder.flush();
        const recorder = new Recorder();
        expect(drain(channel, recorder)).toBe(true);
        // Cutting keeps watermarks apart that one batch would have merged; both readings are the same stream.
        expect(withoutOvertaken(recorder.events)).toEqual(withoutOvertaken(sent.map(([event]) => event)));
      }),
    );
  });

  it('hands a batch over when it has as many records as the limit allows', () => {
    const channel = new MemoryChannel();
    const builder = new BatchBuilder(channel);
    for (let i = 0; i < LIMITS.channelBatchRecordsMax; i++) builder.addRecord(i, i);
    expect(channel.poll()?.values).toHaveLength(LIMITS.channelBatchRecordsMax);
  });

  it('says that it is full and still takes the rest of work that has begun', () => {
    const channel = new MemoryChannel();
    const builder = new BatchBuilder(channel);
    for (let i = 0; i < LIMITS.channelBatchesMax; i++) {
      expect(builder.hasCapacity()).toBe(true);
      builder.addRecord(i, i);
      builder.flush();
    }
    expect(builder.hasCapacity()).toBe(false);
    builder.addRecord('rest', 0);
    builder.flush();
    const recorder = new Recorder();
    drain(channel, recorder);
    expect(recorder.events).toHaveLength(LIMITS.channelBatchesMax + 1);
  });
});
