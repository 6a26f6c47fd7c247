import { UserError } from '../../core/errors.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import type { OperatorIdentity } from '../operator.ts';

/** Stands where an operator without a key has no state: every request is refused. */
export class UnkeyedStateStore implements KeyedStateStore {
  readonly #operator: OperatorIdentity;

  constructor(operator: OperatorIdentity) {
    this.#operator = operator;
  }

  getState(): never {
    throw this.#refusal();
  }

  getListState(): never {
    throw this.#refusal();
  }

  getMapState(): never {
    throw this.#refusal();
  }

  getReducingState(): never {
    throw this.#refusal();
  }

  getAggregatingState(): never {
    throw this.#refusal();
  }

  #refusal(): UserError {
    const { operatorName, location } = this.#operator;
    return new UserError(
      'STATE_WITHOUT_KEY',
      `Operator '${operatorName}', made at ${location}, asked for state but its stream has no key: keyed ` +
        'state needs a keyed stream, so call keyBy() before process().',
      { context: { operatorName, location } },
    );
  }
}
