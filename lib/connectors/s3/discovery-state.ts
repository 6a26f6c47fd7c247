import type { StateScope } from '../../core/connector.ts';
import type { OperatorStateChange, OperatorStateDelta } from '../../core/log/state-delta.ts';
import { statePartsOf } from '../file/state-parts.ts';

const NAME = 'discovery';

/**
 * That objects were listed: a bounded source lists them once, and a subtask that has got none of them may not
 * take itself for one that has not begun. A restore hands it to every subtask, once for each former one.
 */
export class DiscoveryState {
  #begun = false;
  /** Parts that the state has. */
  #parts = 0;

  get begun(): boolean {
    return this.#begun;
  }

  begin(): void {
    this.#begun = true;
  }

  collect(scope: StateScope): readonly OperatorStateDelta[] {
    if (!this.#begun || (scope === 'changes' && this.#parts === 1)) return [];
    if (scope === 'changes') this.#parts = 1;
    const put: OperatorStateChange = { op: 'put', part: NAME, value: true };
    return [
      { name: NAME, redistribution: 'union', changes: scope === 'all' ? [put] : [{ op: 'clear' }, put] },
    ];
  }

  apply(states: readonly OperatorStateDelta[]): void {
    this.#parts = statePartsOf(states, NAME).size;
    this.#begun ||= this.#parts > 0;
  }
}
