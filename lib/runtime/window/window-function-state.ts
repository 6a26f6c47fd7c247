import { UserError } from '../../core/errors.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';
import type { OperatorContext } from '../operator.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { createKeyedStateBackend } from '../state/keyed-state-backend-factory.ts';
import { PrefixedStateStore } from './prefixed-state-store.ts';

/** The stores of one backend under the names of window functions. */
interface Stores {
  readonly backend: KeyedStateBackend;
  readonly window: KeyedStateStore;
  readonly global: KeyedStateStore;
}

/**
 * State of a window function: `windowState` by key and window, `globalState` by key.
 *
 * The backend is made when the function first asks for state, so that functions without state cost nothing.
 */
export class WindowFunctionState {
  readonly #context: OperatorContext;
  readonly #merging: boolean;
  #stores: Stores | undefined;
  #key: unknown;
  #window: Window | undefined;

  constructor(context: OperatorContext, options: { readonly merging: boolean }) {
    this.#context = context;
    this.#merging = options.merging;
  }

  /** The backend, or undefined as long as no state was asked for. */
  get backend(): KeyedStateBackend | undefined {
    return this.#stores?.backend;
  }

  /** Uses a backend that there is anyway. */
  attach(backend: KeyedStateBackend): void {
    this.#stores = {
      backend,
      window: new PrefixedStateStore(backend.windowStore, 'window:'),
      global: new PrefixedStateStore(backend.store, 'global:'),
    };
  }

  /** The backend, made if there is none. */
  require(): KeyedStateBackend {
    return this.#open().backend;
  }

  /** Moves all handles to a key and window. */
  enter(key: unknown, window: Window): void {
    this.#key = key;
    this.#window = window;
    if (this.#stores !== undefined) this.#moveTo(this.#stores.backend);
  }

  /** Throws UserError WINDOW_INVALID for merging windows, whose state has no lasting place. */
  get windowState(): KeyedStateStore {
    if (this.#merging) {
      throw new UserError(
        'WINDOW_INVALID',
        `Operator '${this.#context.operatorName}' asked for windowState, which session windows cannot ` +
          'have because they merge; use globalState.',
      );
    }
    return this.#open().window;
  }

  get globalState(): KeyedStateStore {
    return this.#open().global;
  }

  #open(): Stores {
    if (this.#stores !== undefined) return this.#stores;
    const backend = createKeyedStateBackend(this.#context);
    this.attach(backend);
    if (this.#window !== undefined) this.#moveTo(backend);
    return this.#open();
  }

  #moveTo(backend: KeyedStateBackend): void {
    if (this.#window === undefined) return;
    if (backend.currentKey !== this.#key) backend.setCurrentKey(this.#key);
    backend.setCurrentNamespace(this.#window);
  }
}
