/**
 * State of one subtask as the fold of what its log says has changed (I9): what a base is written from, and
 * what a restore reads.
 */
import type { OperatorDelta } from '../core/log/state-delta.ts';
import { OperatorImage } from './operator-image.ts';

export class StateImage {
  readonly #operators = new Map<string, OperatorImage>();

  /** Throws InvariantError if a state changes its kind. */
  apply(delta: OperatorDelta): void {
    let image = this.#operators.get(delta.operator);
    if (image === undefined) {
      image = new OperatorImage(delta.operator);
      this.#operators.set(delta.operator, image);
    }
    image.apply(delta);
  }

  /** The whole state as puts, operators in the order in which they were first met. */
  deltas(): readonly OperatorDelta[] {
    const deltas: OperatorDelta[] = [];
    for (const image of this.#operators.values()) {
      const delta = image.delta();
      if (delta !== undefined) deltas.push(delta);
    }
    return deltas;
  }
}
