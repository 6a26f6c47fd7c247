import { describe, expect, it } from 'vitest';
import {
  AscendingTimestampsWatermarks,
  BoundedOutOfOrdernessWatermarks,
  WatermarkStrategy,
} from '../../../lib/api/watermark-strategy.ts';
import { millis, minutes } from '../../../lib/core/duration.ts';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../../lib/core/time.ts';
import type { WatermarkGenerator } from '../../../lib/core/watermark.ts';

describe('watermark generators', () => {
  /**
   * Facts of Apache Flink BoundedOutOfOrdernessWatermarksTest.java and
   * AscendingTimestampsWatermarksTest.java.
   */
  it.each<[string, WatermarkGenerator<unknown>, readonly number[], number]>([
    ['bounded before events', new BoundedOutOfOrdernessWatermarks(millis(10)), [], MIN_TIMESTAMP],
    ['bounded', new BoundedOutOfOrdernessWatermarks(millis(10)), [12345, 12300, 12340, 12280], 12334],
    ['ascending before events', new AscendingTimestampsWatermarks(), [], MIN_TIMESTAMP],
    ['ascending', new AscendingTimestampsWatermarks(), [12345, 12340], 12344],
    [
      'at the beginning of time',
      new BoundedOutOfOrdernessWatermarks(millis(10)),
      [MIN_TIMESTAMP + 3],
      MIN_TIMESTAMP,
    ],
    ['at the end of time', new AscendingTimestampsWatermarks(), [MAX_WATERMARK], MAX_WATERMARK - 1],
  ])('%s', (_, generator, events, watermark) => {
    for (const event of events) expect(emittedBy(generator, event)).toEqual([]);
    expect(emittedBy(generator)).toEqual([watermark]);
    expect(emittedBy(generator)).toEqual([watermark]);
  });
});

describe('WatermarkStrategy', () => {
  it('describes itself and makes a new generator at each call', () => {
    const strategy = WatermarkStrategy.forBoundedOutOfOrderness(minutes(3));
    expect(strategy.description).toBe('BoundedOutOfOrderness(180000)');
    expect(strategy.createGenerator()).not.toBe(strategy.createGenerator());
    expect(strategy).toMatchObject({ emit: 'periodic', idleTimeoutMs: undefined });
  });

  it('takes the timestamp from its options or from a chained assigner', () => {
    const fromOptions = WatermarkStrategy.forMonotonousTimestamps({
      timestamp: (event: { at: number }) => event.at,
    });
    expect(fromOptions.timestampAssigner?.({ at: 7 }, 0)).toBe(7);
    const chained = fromOptions.withTimestampAssigner((_, recordTimestamp) => recordTimestamp + 1);
    expect(chained.timestampAssigner?.({ at: 7 }, 0)).toBe(1);
    expect(fromOptions.timestampAssigner?.({ at: 7 }, 0)).toBe(7);
  });

  it('keeps everything else when idleness is added', () => {
    const strategy = WatermarkStrategy.forGenerator(() => new AscendingTimestampsWatermarks<number>(), {
      emit: 'per-record',
      timestamp: (n) => n,
    }).withIdleness(minutes(1));
    expect(strategy).toMatchObject({ emit: 'per-record', idleTimeoutMs: 60_000 });
    expect(strategy.timestampAssigner?.(4, 0)).toBe(4);
    expect(strategy.withIdleness(millis(5))).toMatchObject({ idleTimeoutMs: 5 });
  });

  it('without watermarks emits nothing', () => {
    const generator = WatermarkStrategy.noWatermarks<unknown>().createGenerator();
    expect([...emittedBy(generator, 5), ...emittedBy(generator)]).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['a negative out-of-orderness', () => WatermarkStrategy.forBoundedOutOfOrderness(millis(-1))],
    ['an idle timeout of zero', () => WatermarkStrategy.noWatermarks().withIdleness(millis(0))],
  ])('refuses %s', (_, construct) => {
    expect(construct).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
  });
});

/** What a generator emits at an event with this timestamp, or periodically. */
function emittedBy(generator: WatermarkGenerator<unknown>, timestamp?: number): readonly number[] {
  const emitted: number[] = [];
  const output = { emitWatermark: (n: number) => void emitted.push(n), markIdle() {}, markActive() {} };
  if (timestamp === undefined) generator.onPeriodicEmit(output);
  else generator.onEvent('event', timestamp, output);
  return emitted;
}
