import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../../lib/core/time.ts';
import { WatermarkValve } from '../../../lib/protocol/watermark-valve.ts';

type Status = 'IDLE' | 'ACTIVE';
/** A channel with the watermark or status it delivers, and what the valve lets through. */
type Row = readonly [channel: number, input: number | Status, output: readonly (number | Status)[]];

/** Facts of Apache Flink StatusWatermarkValveTest.java. */
const facts: Readonly<Record<string, { readonly channels: number; readonly rows: readonly Row[] }>> = {
  'one channel passes rising watermarks': {
    channels: 1,
    rows: [
      [0, 0, [0]],
      [0, 25, [25]],
    ],
  },
  'one channel passes each change of status once': {
    channels: 1,
    rows: [
      [0, 'ACTIVE', []],
      [0, 'IDLE', ['IDLE']],
      [0, 'IDLE', []],
      [0, 'ACTIVE', ['ACTIVE']],
    ],
  },
  'watermarks of an idle channel are ignored, not remembered': {
    channels: 1,
    rows: [
      [0, 25, [25]],
      [0, 'IDLE', ['IDLE']],
      [0, 50, []],
      [0, 'ACTIVE', ['ACTIVE']],
      [0, 50, [50]],
    ],
  },
  'every channel must have a watermark': {
    channels: 3,
    rows: [
      [0, 0, []],
      [1, 0, []],
      [2, 0, [0]],
    ],
  },
  'falling watermarks are ignored': {
    channels: 3,
    rows: [
      [0, 25, []],
      [1, 10, []],
      [2, 17, [10]],
      [0, 12, []],
      [1, 8, []],
      [2, 15, []],
    ],
  },
  'the valve is idle once all channels are, and active with the first': {
    channels: 2,
    rows: [
      [0, 'ACTIVE', []],
      [1, 'ACTIVE', []],
      [1, 'IDLE', []],
      [0, 'IDLE', ['IDLE']],
      [0, 'IDLE', []],
      [1, 'IDLE', []],
      [1, 'ACTIVE', ['ACTIVE']],
      [0, 'ACTIVE', []],
    ],
  },
  'the watermark advances as the channels that hold it back become idle': {
    channels: 3,
    rows: [
      [0, 25, []],
      [1, 10, []],
      [2, 17, [10]],
      [1, 'IDLE', [17]],
      [2, 'IDLE', [25]],
    ],
  },
  'the maximum is flushed when the channel that held back goes idle last': {
    channels: 3,
    rows: [
      [0, 10, []],
      [1, 5, []],
      [2, 3, [3]],
      [0, 'IDLE', []],
      [1, 'IDLE', []],
      [2, 'IDLE', [10, 'IDLE']],
    ],
  },
  'a resumed channel holds nothing back until it has caught up': {
    channels: 3,
    rows: [
      [0, 10, []],
      [1, 7, []],
      [2, 3, [3]],
      [2, 'IDLE', [7]],
      [2, 'ACTIVE', []],
      [2, 5, []],
      [2, 9, []],
      [1, 12, [9]],
    ],
  },
  'a resumed channel may go idle again before it has caught up': {
    channels: 2,
    rows: [
      [0, 7, []],
      [1, 10, [7]],
      [0, 'IDLE', [10]],
      [0, 'ACTIVE', []],
      [0, 9, []],
      [0, 'IDLE', []],
    ],
  },
};

describe('WatermarkValve', () => {
  for (const [name, { channels, rows }] of Object.entries(facts)) {
    it(name, () => {
      const { valve, taken } = recordingValve(channels);
      for (const [channel, input, output] of rows) {
        if (typeof input === 'number') valve.inputWatermark(channel, input);
        else valve.inputWatermarkStatus(channel, input === 'IDLE');
        expect(taken()).toEqual(output);
      }
    });
  }

  it('counts a finished channel as one at the end of time', () => {
    const { valve, taken } = recordingValve(2);
    valve.inputWatermark(0, 5);
    valve.finishChannel(1);
    expect(taken()).toEqual([5]);
    valve.inputWatermarkStatus(0, true);
    expect(taken()).toEqual([MAX_WATERMARK]);
  });

  it('wakes an idle channel that finishes', () => {
    const { valve, taken } = recordingValve(1);
    valve.inputWatermarkStatus(0, true);
    valve.finishChannel(0);
    expect(taken()).toEqual(['IDLE', 'ACTIVE', MAX_WATERMARK]);
  });

  it('refuses a channel that is not there', () => {
    const { valve } = recordingValve(2);
    expect(() => valve.inputWatermark(2, 0)).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });

  it('lets through the minimum of channels that are never idle', () => {
    const inputs = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: -50, max: 50 })));
    fc.assert(
      fc.property(inputs, (rows) => {
        const { valve, taken } = recordingValve(3);
        const highest = [MIN_TIMESTAMP, MIN_TIMESTAMP, MIN_TIMESTAMP];
        for (const [channel, watermark] of rows) {
          valve.inputWatermark(channel, watermark);
          highest[channel] = Math.max(highest[channel]!, watermark);
        }
        expect(valve.currentWatermark).toBe(Math.min(...highest));
        const output = taken();
        expect(output).toEqual([...new Set(output)].sort((a, b) => Number(a) - Number(b)));
      }),
    );
  });

  it('is idle exactly while all channels are, and never turns back', () => {
    const inputs = fc.array(fc.tuple(fc.nat(2), fc.oneof(fc.integer({ min: 0, max: 50 }), fc.boolean())));
    fc.assert(
      fc.property(inputs, (rows) => {
        const { valve, taken } = recordingValve(3);
        const idle = [false, false, false];
        let wasIdle = false;
        let watermark = MIN_TIMESTAMP;
        for (const [channel, input] of rows) {
          if (typeof input === 'number') valve.inputWatermark(channel, input);
          else {
            valve.inputWatermarkStatus(channel, input);
            idle[channel] = input;
          }
          for (const output of taken()) {
            if (typeof output !== 'number') wasIdle = output === 'IDLE';
            else {
              expect(output).toBeGreaterThan(watermark);
              watermark = output;
            }
          }
          expect(wasIdle).toBe(idle.every((each) => each));
        }
      }),
    );
  });
});

function recordingValve(channels: number) {
  let outputs: (number | Status)[] = [];
  const valve = new WatermarkValve(channels, {
    processWatermark: (watermark) => outputs.push(watermark),
    processWatermarkStatus: (idle) => outputs.push(idle ? 'IDLE' : 'ACTIVE'),
  });
  const taken = () => {
    const since = outputs;
    outputs = [];
    return since;
  };
  return { valve, taken };
}

describe('a valve that is built anew', () => {
  const MARKS = fc.integer({ min: 0, max: 9 });
  const CHANNELS = fc.array(fc.record({ watermark: MARKS, idle: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  });

  function resumed(
    channels: readonly { readonly watermark: number; readonly idle: boolean }[],
    reached: number,
  ) {
    const output: (number | Status)[] = [];
    const valve = new WatermarkValve(channels.length, {
      processWatermark: (watermark) => output.push(watermark),
      processWatermarkStatus: (idle) => output.push(idle ? 'IDLE' : 'ACTIVE'),
    });
    valve.pause();
    for (const [channel, { watermark, idle }] of channels.entries()) {
      valve.inputWatermark(channel, watermark);
      valve.inputWatermarkStatus(channel, idle);
    }
    expect(output).toEqual([]);
    valve.resume(reached);
    return { valve, output };
  }

  it('lets through no more than the operator behind it has seen', () => {
    fc.assert(
      fc.property(CHANNELS, MARKS, (channels, reached) => {
        const { valve, output } = resumed(channels, reached);
        expect(valve.currentWatermark).toBeLessThanOrEqual(reached);
        expect(output.includes('IDLE')).toBe(channels.every(({ idle }) => idle));
      }),
    );
  });

  it('goes on once every active channel has gone further', () => {
    fc.assert(
      fc.property(CHANNELS, MARKS, (channels, reached) => {
        const { valve } = resumed(channels, reached);
        for (const [channel, { idle }] of channels.entries()) if (!idle) valve.inputWatermark(channel, 10);
        if (channels.some(({ idle }) => !idle)) expect(valve.currentWatermark).toBe(10);
      }),
    );
  });

  it('waits for a channel that has said nothing yet', () => {
    const { valve, output } = resumed(
      [
        { watermark: 5, idle: false },
        { watermark: MIN_TIMESTAMP, idle: false },
      ],
      7,
    );
    valve.inputWatermark(0, 8);
    expect(output).toEqual([]);
    valve.inputWatermark(1, 6);
    expect(output).toEqual([6]);
  });
});
