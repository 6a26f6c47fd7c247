import { describe, expect, it } from 'vitest';
import type { WatermarkOutput } from '../../../../lib/core/watermark.ts';
import { createWatermarkGenerator } from '../../../../lib/runtime/operators/watermark-generators.ts';

class Log implements WatermarkOutput {
  readonly lines: string[] = [];
  emitWatermark(watermark: number): void {
    this.lines.push(`watermark ${watermark}`);
  }
  markIdle(): void {
    this.lines.push('idle');
  }
  markActive(): void {
    this.lines.push('active');
  }
}

function generatorWith(idleTimeoutMs: number | undefined) {
  const clock = { time: 0, now: () => clock.time };
  const generator = createWatermarkGenerator<string>(
    {
      description: 'test',
      createGenerator: () => ({
        onEvent: (_, timestamp, output) => output.emitWatermark(timestamp),
        onPeriodicEmit: (output) => output.emitWatermark(-1),
      }),
      timestampAssigner: undefined,
      emit: 'periodic',
      idleTimeoutMs,
    },
    clock,
  );
  const log = new Log();
  const lookAt = (time: number) => {
    clock.time = time;
    generator.onPeriodicEmit(log);
    return log.lines.splice(0);
  };
  const event = (timestamp: number) => {
    generator.onEvent('x', timestamp, log);
    return log.lines.splice(0);
  };
  return { lookAt, event };
}

describe('WatermarksWithIdleness', () => {
  it('is idle once no event came for longer than the timeout after the first look without one', () => {
    const { lookAt, event } = generatorWith(100);
    expect(event(1)).toEqual(['watermark 1']);
    expect(lookAt(1000)).toEqual(['watermark -1']);
    expect(lookAt(1100)).toEqual(['watermark -1']);
    expect(lookAt(1200)).toEqual(['watermark -1']);
    expect(lookAt(1201)).toEqual(['idle']);
    expect(lookAt(5000)).toEqual([]);
  });

  it('is idle without any event too', () => {
    const { lookAt } = generatorWith(100);
    expect(lookAt(0)).toEqual(['watermark -1']);
    expect(lookAt(101)).toEqual(['idle']);
  });

  it('is active at the next event, before its watermark, and can become idle again', () => {
    const { lookAt, event } = generatorWith(100);
    lookAt(0);
    lookAt(101);
    expect(event(7)).toEqual(['active', 'watermark 7']);
    expect(lookAt(102)).toEqual(['watermark -1']);
    expect(lookAt(103)).toEqual(['watermark -1']);
    expect(lookAt(204)).toEqual(['idle']);
  });

  it('is never idle without a timeout', () => {
    const { lookAt } = generatorWith(undefined);
    lookAt(0);
    expect(lookAt(1e9)).toEqual(['watermark -1']);
  });
});
