/** Cuts a whole state into chunks, so that no object and no encoding of it needs much memory. */
import type {
  KeyedChange,
  KeyedStateDelta,
  OperatorDelta,
  OperatorStateChange,
  OperatorStateDelta,
  TimerChange,
} from '../log/state-delta.ts';
import { estimateBytes } from './value-size.ts';

/**
 * The deltas, cut where their estimated size reaches `maxBytes`; a single change larger than that is a chunk
 * of its own. Applied in order the chunks give what the deltas give. No deltas, no chunks.
 */
export function chunksOf(
  deltas: readonly OperatorDelta[],
  maxBytes: number,
): readonly (readonly OperatorDelta[])[] {
  const cutter = new Cutter(maxBytes);
  for (const delta of deltas) cutter.add(delta);
  return cutter.finish();
}

/** What the chunk being filled holds of one operator. */
interface Share {
  readonly operator: string;
  readonly watermark: number | undefined;
  readonly keyGroupWatermarks: OperatorDelta['keyGroupWatermarks'];
  readonly keyed: KeyedStateDelta[];
  readonly timers: TimerChange[];
  readonly states: OperatorStateDelta[];
}

class Cutter {
  readonly #maxBytes: number;
  readonly #chunks: (readonly OperatorDelta[])[] = [];
  #shares: Share[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(delta: OperatorDelta): void {
    const { operator, watermark, keyGroupWatermarks } = delta;
    this.#shares.push({ operator, watermark, keyGroupWatermarks, keyed: [], timers: [], states: [] });
    for (const { name, kind, changes } of delta.keyed) {
      this.#pour(changes, sizeOfKeyed, (part) =>
        this.#share(operator).keyed.push({ name, kind, changes: part }),
      );
    }
    this.#pour(delta.timers, sizeOfTimer, (part) => {
      const { timers } = this.#share(operator);
      for (const timer of part) timers.push(timer);
    });
    for (const { name, redistribution, changes } of delta.states) {
      this.#pour(changes, sizeOfState, (part) =>
        this.#share(operator).states.push({ name, redistribution, changes: part }),
      );
    }
  }

  finish(): readonly (readonly OperatorDelta[])[] {
    this.#cut();
    return this.#chunks;
  }

  /** Hands the changes on in as many parts as chunks; even no changes are a part. */
  #pour<T>(changes: readonly T[], sizeOf: (change: T) => number, put: (part: readonly T[]) => void): void {
    let start = 0;
    for (let i = 0; i < changes.length; i++) {
      const size = sizeOf(changes[i]!);
      if (this.#bytes > 0 && this.#bytes + size > this.#maxBytes) {
        if (i > start) put(changes.slice(start, i));
        start = i;
        this.#cut();
      }
      this.#bytes += size;
    }
    put(start === 0 ? changes : changes.slice(start));
  }

  #share(operator: string): Share {
    const last = this.#shares.at(-1);
    if (last?.operator === operator) return last;
    const share: Share = {
      operator,
      watermark: undefined,
      keyGroupWatermarks: undefined,
      keyed: [],
      timers: [],
      states: [],
    };
    this.#shares.push(share);
    return share;
  }

  #cut(): void {
    if (this.#shares.length > 0) this.#chunks.push(this.#shares);
    this.#shares = [];
    this.#bytes = 0;
  }
}

function sizeOfKeyed(change: KeyedChange): number {
  const part = change.op === 'clear' ? 0 : estimateBytes(change.part);
  const value = change.op === 'put' ? estimateBytes(change.value) : 0;
  return 2 + estimateBytes(change.key) + estimateBytes(change.namespace) + part + value;
}

function sizeOfTimer(timer: TimerChange): number {
  return 8 + estimateBytes(timer.key) + estimateBytes(timer.namespace);
}

function sizeOfState(change: OperatorStateChange): number {
  if (change.op === 'clear') return 1;
  return 2 + change.part.length + (change.op === 'put' ? estimateBytes(change.value) : 0);
}
