/** Keyed state as entries of a key each, and back. */
import { keyGroupOf } from '../core/key.ts';
import { LIMITS } from '../core/limits.ts';
import type { KeyedChange, KeyedStateDelta, Namespace } from '../core/log/state-delta.ts';
import type { StateKind } from '../core/state.ts';

/** What one key holds in a state. */
export interface KeyedEntry<K = unknown, V = unknown> {
  readonly key: K;
  readonly keyGroup: number;
  /** Undefined unless the state is one of windows: start and end of the window, or `'global'`. */
  readonly namespace: Namespace;
  /**
   * The value of a value or reducing state, the accumulator of an aggregating one, an array of a list, a Map
   * of a map.
   */
  readonly value: V;
}

/** The entries of a whole state, in its order. */
export function* entriesOf(
  { kind, changes }: KeyedStateDelta,
  maxParallelism: number,
): Generator<KeyedEntry> {
  let open: { readonly key: unknown; readonly namespace: Namespace; puts: Put[] } | undefined;
  for (const change of changes) {
    // A whole state is made of puts, those of a key and namespace one after another.
    if (change.op !== 'put') continue;
    if (open !== undefined && Object.is(open.key, change.key) && open.namespace === change.namespace) {
      open.puts.push(change);
      continue;
    }
    if (open !== undefined) yield entryOf(kind, open, maxParallelism);
    open = { key: change.key, namespace: change.namespace, puts: [change] };
  }
  if (open !== undefined) yield entryOf(kind, open, maxParallelism);
}

type Put = Extract<KeyedChange, { readonly op: 'put' }>;

function entryOf(
  kind: StateKind,
  { key, namespace, puts }: { readonly key: unknown; readonly namespace: Namespace; readonly puts: Put[] },
  maxParallelism: number,
): KeyedEntry {
  return { key, keyGroup: keyGroupOf(key, maxParallelism), namespace, value: valueOfPuts(kind, puts) };
}

function valueOfPuts(kind: StateKind, puts: readonly Put[]): unknown {
  if (kind === 'map') return new Map(puts.map(({ part, value }) => [part, value]));
  // Chunks of a list are arrays.
  if (kind === 'list') return puts.flatMap(({ value }) => value as readonly unknown[]);
  return puts[0]?.value;
}

/** What puts `value` under `key` in a state of that kind; throws as it is written if it is not data. */
export function changesOf(kind: StateKind, key: unknown, value: unknown): readonly KeyedChange[] {
  const put = (part: unknown, own: unknown): KeyedChange => ({
    ...{ op: 'put', key, namespace: undefined, part, value: own },
  });
  if (kind === 'map')
    return [...(value as ReadonlyMap<unknown, unknown>)].map(([part, own]) => put(part, own));
  if (kind !== 'list') return [put(undefined, value)];
  const elements = value as readonly unknown[];
  const chunks: KeyedChange[] = [];
  for (let start = 0; start < elements.length; start += LIMITS.stateListChunk) {
    chunks.push(put(chunks.length, elements.slice(start, start + LIMITS.stateListChunk)));
  }
  return chunks;
}
