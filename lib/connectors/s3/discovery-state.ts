/**
 * That objects were listed: a bounded source lists them once, and a subtask that has got none of them may not
 * take itself for one that has not begun.
 *
 * 1. A fact (subtask, parallelism) says that the state knows every object that is this subtask's at this
 *    parallelism. Objects are never forgotten by a bounded source, so a fact stays true in later runs, and a
 *    restore hands all facts to every subtask.
 * 2. A subtask has begun if there is its own fact, or the facts of all subtasks of one parallelism.
 */
import type { StateScope } from '../../core/connector.ts';
import type { OperatorStateChange, OperatorStateDelta } from '../../core/log/state-delta.ts';
import { statePartsOf } from '../file/state-parts.ts';

const NAME = 'discovery';

/** Whose objects were listed. */
interface Discoverer {
  readonly subtask: number;
  readonly parallelism: number;
}

export class DiscoveryState {
  readonly #own: Discoverer;
  readonly #facts = new Map<string, Discoverer>();
  /** Facts that the state has. */
  readonly #stored = new Set<string>();

  constructor({ subtask, parallelism }: Discoverer) {
    this.#own = { subtask, parallelism };
  }

  get begun(): boolean {
    if (this.#facts.has(partOf(this.#own))) return true;
    const byParallelism = Map.groupBy(this.#facts.values(), ({ parallelism }) => parallelism);
    return [...byParallelism].some(([parallelism, facts]) => facts.length === parallelism);
  }

  begin(): void {
    this.#facts.set(partOf(this.#own), this.#own);
  }

  collect(scope: StateScope): readonly OperatorStateDelta[] {
    const changes: OperatorStateChange[] = [];
    for (const [part, value] of this.#facts) {
      if (scope === 'all' || !this.#stored.has(part)) changes.push({ op: 'put', part, value });
      if (scope === 'changes') this.#stored.add(part);
    }
    return changes.length === 0 ? [] : [{ name: NAME, redistribution: 'union', changes }];
  }

  apply(states: readonly OperatorStateDelta[]): void {
    for (const [part, fact] of statePartsOf(states, NAME)) {
      // What `collect` has put.
      this.#facts.set(part, fact as Discoverer);
      this.#stored.add(part);
    }
  }
}

function partOf({ subtask, parallelism }: Discoverer): string {
  return `${subtask}/${parallelism}`;
}
