/**
 * The state of a file enumerator, part by part.
 *
 * 1  A split that waits has a place in the order of waiting splits, which a restore keeps.
 * 2  That discovery has begun is a part of its own: an enumerator with nothing left is not a new one.
 */
import type { StateScope } from '../../core/connector.ts';
import type { OperatorStateChange, OperatorStateDelta } from '../../core/log/state-delta.ts';
import type { FileSplit } from './file-split.ts';
import { statePartsOf } from './state-parts.ts';

const BEGUN = 'enumerator';
const PENDING = 'enumerator-splits';
const SEEN = 'enumerator-files';

/** A split that waits for a reader. */
interface WaitingSplit {
  readonly place: number;
  readonly split: FileSplit;
}

/** What an enumerator remembers. */
interface Remembered {
  /** In order. */
  readonly pending: readonly FileSplit[];
  /** Files already cut into splits; only ever more. */
  readonly seen: ReadonlySet<string>;
}

/** Compares what an enumerator remembers with what the state says. */
export class EnumeratorState {
  private begun = false;
  /** Places by split. */
  private waiting = new Map<FileSplit, number>();
  private seen = 0;

  collect(scope: StateScope, { pending, seen }: Remembered): readonly OperatorStateDelta[] {
    const waiting = this.placesOf(pending);
    const deltas = [
      union(BEGUN, scope === 'all' || !this.begun ? [{ op: 'put', part: BEGUN, value: true }] : []),
      union(PENDING, this.splitChanges(scope, waiting)),
      union(SEEN, this.newFiles(scope, seen)),
    ];
    if (scope === 'changes') {
      this.begun = true;
      this.waiting = waiting;
      this.seen = seen.size;
    }
    return deltas.filter(({ changes }) => changes.length > 0);
  }

  apply(states: readonly OperatorStateDelta[]): Remembered & { readonly begun: boolean } {
    this.begun = statePartsOf(states, BEGUN).size > 0;
    // The values are those that `collect` has put.
    const waiting = [...statePartsOf(states, PENDING).values()] as WaitingSplit[];
    const seen = new Set(statePartsOf(states, SEEN).keys());
    waiting.sort((a, b) => a.place - b.place);
    this.waiting = new Map(waiting.map(({ place, split }) => [split, place]));
    this.seen = seen.size;
    return { begun: this.begun, pending: waiting.map(({ split }) => split), seen };
  }

  private newFiles(scope: StateScope, seen: ReadonlySet<string>): readonly OperatorStateChange[] {
    const known = scope === 'all' ? 0 : this.seen;
    if (seen.size === known) return [];
    return [...seen].slice(known).map((part) => ({ op: 'put', part, value: true }));
  }

  /** Splits come to the end, come back to the beginning, and go: those that stay keep their places. */
  private placesOf(pending: readonly FileSplit[]): Map<FileSplit, number> {
    const first = pending.findIndex((split) => this.waiting.has(split));
    const places = new Map<FileSplit, number>();
    let place = first < 0 ? 0 : this.waiting.get(pending[first]!)! - first;
    for (const split of pending) {
      place = Math.max(place, this.waiting.get(split) ?? place);
      places.set(split, place++);
    }
    return places;
  }

  private splitChanges(
    scope: StateScope,
    waiting: ReadonlyMap<FileSplit, number>,
  ): readonly OperatorStateChange[] {
    const changes: OperatorStateChange[] = [];
    const ids = new Set<string>();
    for (const [split, place] of waiting) {
      ids.add(split.splitId);
      if (scope === 'changes' && this.waiting.get(split) === place) continue;
      changes.push({ op: 'put', part: split.splitId, value: { place, split } satisfies WaitingSplit });
    }
    if (scope === 'all') return changes;
    for (const { splitId } of this.waiting.keys()) {
      if (!ids.has(splitId)) changes.push({ op: 'remove', part: splitId });
    }
    return changes;
  }
}

function union(name: string, changes: readonly OperatorStateChange[]): OperatorStateDelta {
  return { name, redistribution: 'union', changes };
}
