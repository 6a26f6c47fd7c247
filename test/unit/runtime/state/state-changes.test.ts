import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { KeyedChange } from '../../../../lib/core/log/state-delta.ts';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../../lib/core/state.ts';
import { TimeWindow } from '../../../../lib/core/window/window.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';

const VALUE = new ValueStateDescriptor<unknown>('value');
const LIST = new ListStateDescriptor<number>('list');
const MAP = new MapStateDescriptor<number, string>('map');
const CHUNK = LIMITS.stateListChunk;

function backendAt(key: unknown): HeapKeyedStateBackend {
  const options = { operatorLabel: 'op', journal: undefined, freeze: false, trackChanges: true };
  const backend = new HeapKeyedStateBackend(options);
  backend.setCurrentKey(key);
  return backend;
}

/** `put 3 [a, b]` and the like, without key and namespace. */
function changesOf(backend: HeapKeyedStateBackend): readonly string[] {
  return backend.collectState('changes').flatMap(({ changes }) => changes.map(textOf));
}

function textOf(change: KeyedChange): string {
  if (change.op === 'clear') return 'clear';
  if (change.op === 'remove') return `remove ${String(change.part)}`;
  const size = Array.isArray(change.value) ? `${change.value.length} elements` : JSON.stringify(change.value);
  return `put ${String(change.part)}: ${size}`;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe('changes of keyed state', () => {
  it('an entry of a large map is one place', () => {
    const backend = backendAt('a');
    const state = backend.store.getMapState(MAP);
    for (let i = 0; i < 1000; i++) state.put(i, 'old');
    expect(changesOf(backend)).toHaveLength(1000);
    state.put(7, 'new');
    state.put(7, 'newer');
    state.remove(8);
    state.put(5000, 'gone again');
    state.remove(5000);
    expect(changesOf(backend)).toEqual(['remove 8', 'put 7: "newer"']);
    expect(changesOf(backend)).toEqual([]);
  });

  it('an append to a list writes its last chunk', () => {
    const backend = backendAt('a');
    const state = backend.store.getListState(LIST);
    state.update(numbers(2 * CHUNK + 1));
    expect(changesOf(backend)).toHaveLength(3);
    state.add(1);
    expect(changesOf(backend)).toEqual(['put 2: 2 elements']);
    state.addAll(numbers(CHUNK));
    expect(changesOf(backend)).toEqual([`put 2: ${CHUNK} elements`, 'put 3: 2 elements']);
  });

  it('a list that becomes shorter removes the chunks behind it, one that ends is cleared', () => {
    const backend = backendAt('a');
    const state = backend.store.getListState(LIST);
    state.update(numbers(3 * CHUNK));
    changesOf(backend);
    state.update(numbers(CHUNK + 5));
    expect(changesOf(backend)).toEqual([`put 0: ${CHUNK} elements`, 'put 1: 5 elements', 'remove 2']);
    state.update([]);
    expect(changesOf(backend)).toEqual(['clear']);
  });

  it('a place that came and went within the interval is not told, one that was there is cleared', () => {
    const backend = backendAt('a');
    const state = backend.store.getState(VALUE);
    state.update(1);
    state.clear();
    expect(changesOf(backend)).toEqual([]);
    state.update(2);
    expect(changesOf(backend)).toEqual(['put undefined: 2']);
    state.clear();
    state.update(3);
    expect(changesOf(backend)).toEqual(['clear', 'put undefined: 3']);
  });

  it('an accumulator that is changed in place has changed', () => {
    const backend = backendAt('a');
    const state = backend.store.getAggregatingState(
      new AggregatingStateDescriptor<number, { n: number }, number>('sum', {
        createAccumulator: () => ({ n: 0 }),
        add: (accumulator, x) => {
          accumulator.n += x;
          return accumulator;
        },
        getResult: ({ n }) => n,
      }),
    );
    state.add(1);
    expect(changesOf(backend)).toEqual(['put undefined: {"n":1}']);
    state.add(2);
    expect(changesOf(backend)).toEqual(['put undefined: {"n":3}']);
  });

  it('merging windows clears the sources and writes the target', () => {
    const backend = backendAt('a');
    const sum = new ReducingStateDescriptor<number>('sum', (a, b) => a + b);
    const [target, source] = [new TimeWindow(0, 5), new TimeWindow(3, 9)];
    for (const window of [target, source]) {
      backend.setCurrentNamespace(window);
      backend.windowStore.getReducingState(sum).add(1);
    }
    expect(changesOf(backend)).toHaveLength(2);
    backend.mergeNamespaces(sum, target, [source]);
    expect(backend.collectState('changes')[0]?.changes).toEqual([
      { op: 'clear', key: 'a', namespace: [3, 9] },
      { op: 'put', key: 'a', namespace: [0, 5], part: undefined, value: 2 },
    ]);
  });

  it('many places that come and go within one interval do not pile up', () => {
    const backend = backendAt('a');
    const state = backend.store.getState(VALUE);
    for (let i = 0; i < 100_000; i++) {
      backend.setCurrentKey(i);
      state.update(i);
      state.clear();
    }
    expect(changesOf(backend)).toEqual([]);
  });

  it('what is applied between batches is seen and does not count as a change', () => {
    const backend = backendAt('a');
    const state = backend.store.getState(VALUE);
    state.update(1);
    changesOf(backend);
    const changes = [{ op: 'put', key: 'a', namespace: undefined, part: undefined, value: 2 }] as const;
    backend.applyState([{ name: 'value', kind: 'value', changes }]);
    expect(state.value()).toBe(2);
    expect(changesOf(backend)).toEqual([]);
    backend.applyState([
      { name: 'value', kind: 'value', changes: [{ op: 'clear', key: 'a', namespace: undefined }] },
    ]);
    expect(state.value()).toBeUndefined();
    state.update(3);
    expect(changesOf(backend)).toEqual(['put undefined: 3']);
  });

  it('restored state of another kind than the open one is refused', () => {
    const backend = backendAt('a');
    backend.store.getState(VALUE);
    const changes = [{ op: 'put', key: 'a', namespace: undefined, part: 0, value: [] }] as const;
    expect(() => backend.applyState([{ name: 'value', kind: 'list', changes }])).toThrow(
      expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
    );
  });
});
