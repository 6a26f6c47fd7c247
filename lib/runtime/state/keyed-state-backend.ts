import type { StateScope } from '../../core/connector.ts';
import type { CanonicalKey } from '../../core/key.ts';
import type { KeyedStateDelta } from '../../core/log/state-delta.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import type { Window } from '../../core/window/window.ts';

/** Descriptor of state whose namespaces can be merged, whatever its types. */
export type MergeableStateDescriptor =
  | { readonly kind: 'list'; readonly name: string }
  | { readonly kind: 'reducing'; readonly name: string; readonly reduce: (a: never, b: never) => unknown }
  | {
      readonly kind: 'aggregating';
      readonly name: string;
      readonly aggregate: { merge?(a: never, b: never): unknown };
    };

/**
 * Keyed state of one operator of one subtask. Handles act on the current key; those of `windowStore` on the
 * current key and namespace. Ask a store for a handle once and keep it: handles are cheap to use per record.
 */
export interface KeyedStateBackend {
  /** Throws RecordError KEY_INVALID unless the key is of a legal type. */
  setCurrentKey(key: unknown): void;
  readonly currentKey: unknown;
  /** Canonical form of the current key. Throws UserError STATE_WITHOUT_KEY if no key was set yet. */
  readonly currentCanonicalKey: CanonicalKey;
  /** State of the current key. */
  readonly store: KeyedStateStore;
  setCurrentNamespace(window: Window): void;
  /** State of the current key in the current namespace. */
  readonly windowStore: KeyedStateStore;
  /** Merges the state of `sources` into that of `target` for the current key; the sources end up empty. */
  mergeNamespaces(descriptor: MergeableStateDescriptor, target: Window, sources: readonly Window[]): void;
  /** All there is, or what has changed since changes were last collected; values are live. */
  collectState(scope: StateScope): readonly KeyedStateDelta[];
  /** Takes in what does not count as a change. Throws UserError STATE_INCOMPATIBLE for another kind. */
  applyState(states: readonly KeyedStateDelta[]): void;
}
