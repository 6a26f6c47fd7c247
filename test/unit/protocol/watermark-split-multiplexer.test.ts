import { describe, expect, it } from 'vitest';
import { SplitWatermarkMultiplexer } from '../../../lib/protocol/split-watermark-multiplexer.ts';

type Mode = 'immediate' | 'deferred';
type Step =
  | readonly [split: string, mode: Mode, input: number | 'idle']
  | readonly ['remove' | 'add', string]
  | readonly ['tick'];

/** Facts of Apache Flink WatermarkOutputMultiplexerTest.java: steps, then the last watermark and idleness. */
const facts: Readonly<Record<string, readonly [readonly Step[], number | undefined, boolean]>> = {
  'the minimum of the splits that are not idle counts': [
    [
      ['a', 'immediate', 2],
      ['b', 'immediate', 5],
      ['c', 'immediate', 'idle'],
    ],
    2,
    false,
  ],
  'an idle split that comes back lower does not turn time back': [
    [
      ['a', 'immediate', 2],
      ['b', 'immediate', 5],
      ['a', 'immediate', 'idle'],
      ['a', 'immediate', 3],
    ],
    5,
    false,
  ],
  'a deferred watermark waits': [
    [
      ['a', 'deferred', 0],
      ['b', 'deferred', 1],
    ],
    undefined,
    false,
  ],
  'a deferred watermark takes effect at the next tick': [
    [['a', 'deferred', 0], ['b', 'deferred', 1], ['tick']],
    0,
    false,
  ],
  'an immediate watermark sees the deferred ones': [
    [
      ['d', 'deferred', 5],
      ['i', 'immediate', 2],
    ],
    2,
    false,
  ],
  'one split does not fall from its deferred to its immediate watermark': [
    [['x', 'deferred', 5], ['tick'], ['x', 'immediate', 2], ['tick']],
    5,
    false,
  ],
  'removing the lowest split takes effect at the next update': [
    [
      ['lower', 'immediate', -4343],
      ['higher', 'immediate', -4333],
      ['remove', 'lower'],
    ],
    -4343,
    false,
  ],
  'removing the highest split does not take its watermark back': [
    [
      ['higher', 'immediate', 2],
      ['remove', 'higher'],
      ['add', 'lower'],
      ['lower', 'immediate', 1],
    ],
    2,
    false,
  ],
  'idle splits alone make it idle': [[['a', 'deferred', 'idle'], ['tick']], undefined, true],
};

describe('SplitWatermarkMultiplexer', () => {
  for (const [name, [steps, watermark, idle]] of Object.entries(facts)) {
    it(name, () => {
      const { multiplexer, state } = recording();
      const known = new Set<string>();
      const register = (split: string) => {
        if (!known.has(split)) multiplexer.registerNewOutput(split);
        known.add(split);
      };
      // Every split of a fact is there from the beginning, unless the fact adds it.
      for (const step of steps) if (step.length === 3 && !isAdded(step[0], steps)) register(step[0]);
      for (const step of steps) {
        if (step.length === 1) multiplexer.onPeriodicEmit();
        else if (step.length === 3) emit(multiplexer, step);
        else if (step[0] === 'add') register(step[1]);
        else expect(multiplexer.unregisterOutput(step[1])).toBe(true);
      }
      expect(state()).toEqual({ watermark, idle });
    });
  }

  it('is neither idle nor has it a watermark without splits', () => {
    const { multiplexer, state } = recording();
    multiplexer.onPeriodicEmit();
    expect(state()).toEqual({ watermark: undefined, idle: false });
    expect(multiplexer.unregisterOutput('none')).toBe(false);
  });

  it('becomes active again before it emits', () => {
    const { multiplexer, events } = recording();
    multiplexer.registerNewOutput('a');
    const output = multiplexer.getImmediateOutput('a');
    output.markIdle();
    output.markIdle();
    output.emitWatermark(3);
    output.markActive();
    expect(events).toEqual(['idle', 'active', 3]);
  });

  it('advances over a removed split at the next update', () => {
    const { multiplexer, state } = recording();
    for (const split of ['a', 'b']) multiplexer.registerNewOutput(split);
    multiplexer.getImmediateOutput('a').emitWatermark(1);
    multiplexer.getImmediateOutput('b').emitWatermark(9);
    multiplexer.unregisterOutput('a');
    multiplexer.onPeriodicEmit();
    expect(state().watermark).toBe(9);
  });

  it('refuses a split that is there twice or not at all', () => {
    const { multiplexer } = recording();
    multiplexer.registerNewOutput('a');
    expect(() => multiplexer.registerNewOutput('a')).toThrow('Split a already');
    expect(() => multiplexer.getDeferredOutput('b')).toThrow('registered for split b');
  });
});

function isAdded(split: string, steps: readonly Step[]): boolean {
  return steps.some((step) => step.length === 2 && step[0] === 'add' && step[1] === split);
}

function emit(
  multiplexer: SplitWatermarkMultiplexer,
  [split, mode, input]: readonly [string, Mode, number | 'idle'],
) {
  const output =
    mode === 'immediate' ? multiplexer.getImmediateOutput(split) : multiplexer.getDeferredOutput(split);
  if (input === 'idle') output.markIdle();
  else output.emitWatermark(input);
}

function recording() {
  const events: (number | 'idle' | 'active')[] = [];
  const multiplexer = new SplitWatermarkMultiplexer({
    emitWatermark: (watermark) => events.push(watermark),
    markIdle: () => events.push('idle'),
    markActive: () => events.push('active'),
  });
  const state = () => ({
    watermark: events.findLast((event) => typeof event === 'number'),
    idle: events.findLast((event) => typeof event !== 'number') === 'idle',
  });
  return { multiplexer, events, state };
}
