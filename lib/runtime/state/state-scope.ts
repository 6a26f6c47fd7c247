import { UserError } from '../../core/errors.ts';
import type { CanonicalKey } from '../../core/key.ts';
import { cloneStateValue } from '../../core/state-value.ts';
import type { Window } from '../../core/window/window.ts';
import type { Journal } from '../operator.ts';
import { StateFreezer } from './state-freezer.ts';

/** How a backend treats its values. */
export interface StateScopeOptions {
  /** How messages name the operator. */
  readonly operatorLabel: string;
  /** Set while records are dead-lettered on error: every change can be undone. */
  readonly journal: Journal | undefined;
  /** Values are frozen, so that a change without update fails. */
  readonly freeze: boolean;
  /** Changes are remembered until they are collected. */
  readonly trackChanges: boolean;
}

/**
 * What all states of one operator share: the key and window they stand at, and how values go in and out.
 *
 * Values are handed out as they are (live), frozen, or as copies when a change in place must be undoable.
 */
export class StateScope {
  readonly operatorLabel: string;
  readonly journal: Journal | undefined;
  readonly freezer: StateFreezer | undefined;
  readonly trackChanges: boolean;
  key: unknown = undefined;
  /** Undefined until the first key is set. */
  canonical: CanonicalKey | undefined = undefined;
  window: Window | undefined = undefined;
  readonly #live: boolean;

  constructor({ operatorLabel, journal, freeze, trackChanges }: StateScopeOptions) {
    this.operatorLabel = operatorLabel;
    this.journal = journal;
    this.trackChanges = trackChanges;
    this.freezer = freeze ? new StateFreezer() : undefined;
    this.#live = journal === undefined && !freeze;
  }

  /** The value as user code may see it. */
  handOut<T>(value: T): T {
    if (this.#live || typeof value !== 'object') return value;
    if (this.freezer === undefined) return cloneStateValue(value);
    this.freezer.watch(value);
    return value;
  }

  /** The value as a function may see it that is allowed to change it and return it. */
  lend<T>(value: T): T {
    return this.#live ? value : cloneStateValue(value);
  }

  requireCanonical(stateName: string): CanonicalKey {
    if (this.canonical !== undefined) return this.canonical;
    throw new UserError(
      'STATE_WITHOUT_KEY',
      `State '${stateName}' of operator '${this.operatorLabel}' was used while no record or timer was ` +
        'being processed; open states in open(), but read and write them only in the functions that get a ' +
        'record or timer.',
      { context: { operatorName: this.operatorLabel, stateName } },
    );
  }
}
