/** The state of one operator as its changes say it, against what the operator says itself. */
import { isDeepStrictEqual } from 'node:util';
import type { OperatorDelta } from '../lib/core/log/state-delta.ts';
import { OperatorImage } from '../lib/protocol/operator-image.ts';

export class StateFold {
  /** All changes since the start, in order. */
  readonly deltas: OperatorDelta[] = [];
  readonly #image = new OperatorImage('any');

  /** Both were collected at the same time. Throws if the changes so far do not make up the whole. */
  take(changes: OperatorDelta, all: OperatorDelta): void {
    this.deltas.push(changes);
    this.#image.apply(changes);
    const folded = contentOf(this.#image.delta());
    const whole = contentOf(all);
    if (isDeepStrictEqual(folded, whole)) return;
    throw new Error(`changes make up ${JSON.stringify(folded)}, but there is ${JSON.stringify(whole)}`);
  }
}

/** What a delta of all state says: places in no order, timers of one time in theirs. */
export function contentOf(delta: OperatorDelta | undefined): unknown {
  if (delta === undefined) return contentOf(NOTHING);
  const { keyed, timers, states, watermark, keyGroupWatermarks } = delta;
  const placed = [...keyed, ...states]
    .flatMap(({ name, changes }) => changes.map((change) => textOf([name, change])))
    .sort();
  const times = new Map<string, string[]>();
  for (const timer of timers) {
    const time = `${timer.domain} ${timer.time}`;
    times.set(time, [...(times.get(time) ?? []), textOf(timer)]);
  }
  const timed = [...times.values()].map((timersOfTime) => timersOfTime.join()).sort();
  return { placed, timed, watermark, keyGroupWatermarks };
}

const NOTHING: OperatorDelta = {
  ...{ operator: 'any', keyed: [], timers: [], states: [], watermark: undefined },
  keyGroupWatermarks: undefined,
};

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (part instanceof Map || part instanceof Set) return [...part];
    return part;
  });
}
