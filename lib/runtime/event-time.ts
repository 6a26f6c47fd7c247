/**
 * Event time of one operator: its watermark and, after a restore with another parallelism, what its key
 * groups had reached before.
 *
 * 1. The watermark never falls.
 * 2. A window that a key group had fired or cleaned up stays so: whoever asks how far a key has come gets the
 *    higher of the operator's watermark and that of the key's group.
 * 3. A restored watermark is kept until the operator's own has reached it.
 */
import type { StateScope } from '../core/connector.ts';
import { keyGroupOf } from '../core/key.ts';
import type { KeyGroupWatermark, OperatorDelta } from '../core/log/state-delta.ts';
import { MIN_TIMESTAMP } from '../core/time.ts';
import type { Journal } from './operator.ts';

/** What an operator needs for its event time. */
export interface EventTimeOptions {
  readonly journal: Journal | undefined;
  readonly maxParallelism: number;
}

const NONE: readonly KeyGroupWatermark[] = [];

export class EventTime {
  readonly #journal: Journal | undefined;
  readonly #maxParallelism: number;
  #watermark = MIN_TIMESTAMP;
  #ahead: readonly KeyGroupWatermark[] = NONE;
  #collectedWatermark = MIN_TIMESTAMP;
  #collectedAhead: readonly KeyGroupWatermark[] = NONE;

  constructor({ journal, maxParallelism }: EventTimeOptions) {
    this.#journal = journal;
    this.#maxParallelism = maxParallelism;
  }

  /** Of the operator. Unit: ms since the epoch. */
  get watermark(): number {
    return this.#watermark;
  }

  /** True if any key group is ahead of the operator: `watermarkOf` may differ from `watermark`. */
  get hasGroupsAhead(): boolean {
    return this.#ahead !== NONE;
  }

  /** How far a key has come. Unit: ms since the epoch. */
  watermarkOf(key: unknown): number {
    return Math.max(this.#watermark, this.reachedBefore(key));
  }

  /**
   * What the group of a key had reached before the operator was restored; -Infinity if the operator had got
   * further when its watermark last advanced. Unit: ms since the epoch.
   */
  reachedBefore(key: unknown): number {
    const ahead = this.#ahead;
    if (ahead === NONE) return Number.NEGATIVE_INFINITY;
    const group = keyGroupOf(key, this.#maxParallelism);
    for (const { firstKeyGroup, lastKeyGroup, watermark } of ahead) {
      if (group >= firstKeyGroup && group <= lastKeyGroup) return watermark;
    }
    return Number.NEGATIVE_INFINITY;
  }

  /** Undone with the record that it belongs to. */
  advance(watermark: number): void {
    if (this.#journal !== undefined) {
      const before = this.#watermark;
      const ahead = this.#ahead;
      this.#journal.record(() => {
        this.#watermark = before;
        this.#ahead = ahead;
      });
    }
    // Those that this very advance passes are asked for while it fires what is due.
    if (this.#ahead !== NONE) this.#ahead = above(this.#watermark, this.#ahead);
    this.#watermark = watermark;
  }

  collect(scope: StateScope): Pick<OperatorDelta, 'watermark' | 'keyGroupWatermarks'> {
    const watermark = this.#watermark;
    const ahead = above(watermark, this.#ahead);
    if (scope === 'all') {
      return {
        watermark: watermark === MIN_TIMESTAMP ? undefined : watermark,
        keyGroupWatermarks: ahead === NONE ? undefined : ahead,
      };
    }
    const changes = {
      watermark: watermark === this.#collectedWatermark ? undefined : watermark,
      keyGroupWatermarks: ahead === this.#collectedAhead ? undefined : ahead,
    };
    this.#ahead = ahead;
    this.#collectedWatermark = watermark;
    this.#collectedAhead = ahead;
    return changes;
  }

  apply({ watermark, keyGroupWatermarks }: OperatorDelta): void {
    this.#watermark = watermark ?? this.#watermark;
    this.#collectedWatermark = this.#watermark;
    this.#ahead = above(this.#watermark, keyGroupWatermarks ?? this.#ahead);
    this.#collectedAhead = this.#ahead;
  }
}

/** The same array if all of them are. */
function above(watermark: number, groups: readonly KeyGroupWatermark[]): readonly KeyGroupWatermark[] {
  if (groups.length === 0) return NONE;
  if (groups.every((group) => group.watermark > watermark)) return groups;
  const left = groups.filter((group) => group.watermark > watermark);
  return left.length === 0 ? NONE : left;
}
