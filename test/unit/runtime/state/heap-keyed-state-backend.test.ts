import { describe, expect, it } from 'vitest';
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../../lib/core/state.ts';
import { GlobalWindow, TimeWindow } from '../../../../lib/core/window/window.ts';
import {
  type KeyedStateSnapshot,
  keyedDeltasOf,
  keyedSnapshotsOf,
} from '../../../../lib/runtime/snapshot.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';

const LAST = new ValueStateDescriptor<unknown>('last');
const LIST = new ListStateDescriptor<unknown>('seen');
const MAP = new MapStateDescriptor<unknown, unknown>('by-user');
const SUM = new ReducingStateDescriptor<number>('sum', (a, b) => a + b);
const MEAN = new AggregatingStateDescriptor<number, { n: number; sum: number }, number>('mean', {
  createAccumulator: () => ({ n: 0, sum: 0 }),
  add: (a, x) => {
    a.n++;
    a.sum += x;
    return a;
  },
  getResult: (a) => a.sum / a.n,
  merge: (a, b) => ({ n: a.n + b.n, sum: a.sum + b.sum }),
});

function backendOf(
  options: { readonly freeze?: boolean; readonly journal?: UndoJournal } = {},
): HeapKeyedStateBackend {
  return new HeapKeyedStateBackend({
    operatorLabel: 'totals',
    journal: options.journal,
    freeze: options.freeze ?? false,
    trackChanges: true,
  });
}

function snapshotOf(backend: HeapKeyedStateBackend): readonly KeyedStateSnapshot[] {
  return keyedSnapshotsOf(structuredClone(backend.collectState('all')));
}

function restore(backend: HeapKeyedStateBackend, states: readonly KeyedStateSnapshot[]): void {
  backend.applyState(keyedDeltasOf(structuredClone(states)));
}

function atKey(key: unknown, options?: Parameters<typeof backendOf>[0]): HeapKeyedStateBackend {
  const backend = backendOf(options);
  backend.setCurrentKey(key);
  return backend;
}

describe('keyed state', () => {
  it('belongs to the current key', () => {
    const backend = atKey('a');
    const state = backend.store.getState(LAST);
    state.update(1);
    backend.setCurrentKey('b');
    expect(state.value()).toBeUndefined();
    state.update(2);
    backend.setCurrentKey('a');
    expect(state.value()).toBe(1);
    state.clear();
    expect(state.value()).toBeUndefined();
  });

  it.each([
    ['tuples', [1, 'x'], [1, 'x']],
    ['objects in any property order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['dates', new Date(7), new Date(7)],
    ['zeros', 0, -0],
    ['NaN', Number.NaN, 0 / 0],
  ])('treats equal %s as one key', (_, one, other) => {
    const backend = atKey(one);
    const state = backend.store.getState(LAST);
    state.update('x');
    backend.setCurrentKey(other);
    expect(state.value()).toBe('x');
    expect(snapshotOf(backend)[0]?.entries).toEqual([{ key: one, namespace: undefined, value: 'x' }]);
  });

  it('keeps keys of different types apart', () => {
    const backend = backendOf();
    const state = backend.store.getState(LAST);
    const keys = [1, 1n, '1', true, [1], { 0: 1 }, new Date(1), '\u0000s', '\u0000', ''];
    for (const key of keys) {
      backend.setCurrentKey(key);
      expect(state.value()).toBeUndefined();
      state.update('here');
    }
    expect(snapshotOf(backend)[0]?.entries.map(({ key }) => key)).toEqual(keys);
  });

  it('keeps a string key apart from the composite key whose canonical form it spells', () => {
    const backend = atKey([1]);
    const state = backend.store.getState(LAST);
    state.update('tuple');
    backend.setCurrentKey(backend.currentCanonicalKey);
    expect(state.value()).toBeUndefined();
  });

  it.each([undefined, null])('refuses %s as a key and names the operator', (key) => {
    expect(() => backendOf().setCurrentKey(key)).toThrow("The key selector of operator 'totals' returned");
    expect(() => backendOf().setCurrentKey(key)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });

  it('is refused before there is a key', () => {
    const { store } = backendOf();
    const withoutKey = expect.objectContaining({ code: 'STATE_WITHOUT_KEY' });
    expect(() => store.getState(LAST).value()).toThrow(withoutKey);
    expect(() => store.getListState(LIST).add(1)).toThrow(withoutKey);
    expect(() => backendOf().currentCanonicalKey).toThrow(withoutKey);
  });

  it('answers a copy of the default value for keys without one', () => {
    const state = atKey('a').store.getState(new ValueStateDescriptor('d', { n: 1 }));
    const first = state.value();
    if (first !== undefined) first.n = 2;
    expect(state.value()).toEqual({ n: 1 });
  });

  it('clears a value that is updated to undefined', () => {
    const backend = atKey('a');
    const state = backend.store.getState(LAST);
    state.update({ n: 1 });
    state.update(undefined);
    expect(snapshotOf(backend)).toEqual([]);
  });

  it('keeps lists in order and replaces them as a whole', () => {
    const state = atKey('a').store.getListState(LIST);
    expect(state.get()).toEqual([]);
    state.add(1);
    state.addAll([2, undefined]);
    state.addAll(state.get());
    expect(state.get()).toEqual([1, 2, undefined, 1, 2, undefined]);
    state.update([9]);
    expect(state.get()).toEqual([9]);
    state.update([]);
    expect(state.get()).toEqual([]);
  });

  it('keeps maps by user keys of any legal type', () => {
    const state = atKey('a').store.getMapState(MAP);
    expect(state.isEmpty()).toBe(true);
    state.putAll([
      [['u', 1], 'tuple'],
      ['plain', undefined],
      [-0, 'zero'],
    ]);
    expect(state.get(['u', 1])).toBe('tuple');
    expect(state.get(0)).toBe('zero');
    expect(state.contains('plain')).toBe(true);
    expect(state.contains('absent')).toBe(false);
    expect([...state.keys()]).toEqual([['u', 1], 'plain', 0]);
    expect([...state.values()]).toEqual(['tuple', undefined, 'zero']);
    expect([...state.entries()]).toEqual([
      [['u', 1], 'tuple'],
      ['plain', undefined],
      [0, 'zero'],
    ]);
    for (const key of state.keys()) state.remove(key);
    expect(state.isEmpty()).toBe(true);
    state.put(1, 1);
    state.clear();
    expect([...state.entries()]).toEqual([]);
    expect(() => state.put(undefined, 1)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });

  it('reduces and aggregates what is added', () => {
    const { store } = atKey('a');
    const sum = store.getReducingState(SUM);
    const mean = store.getAggregatingState(MEAN);
    expect(sum.get()).toBeUndefined();
    expect(mean.get()).toBeUndefined();
    for (const x of [1, 2, 6]) {
      sum.add(x);
      mean.add(x);
    }
    expect(sum.get()).toBe(9);
    expect(mean.get()).toBe(3);
    sum.clear();
    mean.clear();
    expect(sum.get()).toBeUndefined();
    expect(mean.get()).toBeUndefined();
  });
});

describe('state names', () => {
  it('give the same state when opened twice with one kind', () => {
    const { store } = atKey('a');
    store.getState(new ValueStateDescriptor<number>('n')).update(4);
    expect(store.getState(new ValueStateDescriptor<number>('n')).value()).toBe(4);
    expect(store.getState(LAST)).toBe(store.getState(LAST));
  });

  it('refuse another kind and name operator, state and both kinds', () => {
    const { store } = backendOf();
    store.getState(new ValueStateDescriptor('x'));
    expect(() => store.getListState(new ListStateDescriptor('x'))).toThrow(
      "State 'x' of operator 'totals' is opened as list state but was opened as value state",
    );
    expect(() => store.getMapState(new MapStateDescriptor('x'))).toThrow(
      expect.objectContaining({ code: 'STATE_NAME_CONFLICT' }),
    );
  });

  it('refuse restored state of another kind', () => {
    const backend = backendOf();
    restore(backend, [{ name: 'x', kind: 'list', entries: [{ key: 1, namespace: undefined, value: [1] }] }]);
    expect(() => backend.store.getState(new ValueStateDescriptor('x'))).toThrow(
      expect.objectContaining({ code: 'STATE_INCOMPATIBLE' }),
    );
  });

  it('of keys and of windows do not collide', () => {
    const backend = atKey('a');
    backend.store.getState(new ValueStateDescriptor<number>('x')).update(1);
    backend.setCurrentNamespace(new TimeWindow(0, 10));
    backend.windowStore.getListState(new ListStateDescriptor<number>('x')).add(2);
    const copy = backendOf();
    restore(copy, snapshotOf(backend));
    copy.setCurrentKey('a');
    copy.setCurrentNamespace(new TimeWindow(0, 10));
    expect(copy.store.getState(new ValueStateDescriptor<number>('x')).value()).toBe(1);
    expect(copy.windowStore.getListState(new ListStateDescriptor<number>('x')).get()).toEqual([2]);
  });
});

describe('state values', () => {
  it.each<[string, (backend: HeapKeyedStateBackend) => void, string]>([
    ['ValueState', ({ store }) => store.getState(LAST).update({ f: () => 1 }), 'value.f'],
    ['ListState.add', ({ store }) => store.getListState(LIST).add(Symbol('s')), 'element'],
    [
      'ListState.update',
      ({ store }) => store.getListState(LIST).update([1, new (class Odd {})()]),
      'element',
    ],
    ['MapState', ({ store }) => store.getMapState(MAP).put('k', [() => 1]), 'value[0]'],
    [
      'AggregatingState',
      ({ store }) =>
        store
          .getAggregatingState(
            new AggregatingStateDescriptor<number, { items: unknown[] }, number>('fns', {
              createAccumulator: () => ({ items: [] }),
              add: (a) => {
                a.items.push({ callback: () => 1 });
                return a;
              },
              getResult: () => 0,
            }),
          )
          .add(1),
      'accumulator.items[0].callback',
    ],
  ])('are refused by %s with operator, state and path', (_, write, path) => {
    const backend = atKey('a');
    const message = expect.objectContaining({
      code: 'STATE_VALUE_INVALID',
      message: expect.stringMatching(/^State '[\w-]+' of operator 'totals' cannot keep /),
    });
    expect(() => write(backend)).toThrow(message);
    expect(() => write(backend)).toThrow(`cannot keep ${path}`);
    expect(snapshotOf(backend)).toEqual([]);
  });

  it('of a large accumulator that is changed in place are found at the snapshot at the latest', () => {
    const backend = atKey('a');
    const state = backend.store.getState(LAST);
    const items: unknown[] = Array.from({ length: 1000 }, (_, i) => i);
    state.update(items);
    items.push(() => 1);
    state.update(items);
    expect(() => snapshotOf(backend)).toThrow("State 'last' of operator 'totals' cannot keep value[1000]");
  });
});

describe('window state', () => {
  it('belongs to the current key and the current window', () => {
    const backend = atKey('a');
    const state = backend.windowStore.getReducingState(SUM);
    const add = (key: string, [start, end]: [number, number], x: number) => {
      backend.setCurrentKey(key);
      backend.setCurrentNamespace(new TimeWindow(start, end));
      state.add(x);
      return state.get();
    };
    expect(add('a', [0, 10], 1)).toBe(1);
    expect(add('a', [5, 10], 2)).toBe(2);
    expect(add('b', [0, 10], 4)).toBe(4);
    expect(add('a', [0, 10], 8)).toBe(9);
    backend.setCurrentNamespace(GlobalWindow.INSTANCE);
    expect(state.get()).toBeUndefined();
    backend.setCurrentNamespace(new TimeWindow(5, 10));
    state.clear();
    expect(snapshotOf(backend)[0]?.entries).toEqual([
      { key: 'a', namespace: [0, 10], value: 9 },
      { key: 'b', namespace: [0, 10], value: 4 },
    ]);
  });

  it('merges reducing, list and aggregating state into the target and empties the sources', () => {
    const backend = atKey('a');
    const windows = [new TimeWindow(0, 3), new TimeWindow(2, 5), new TimeWindow(4, 9)];
    const [target, ...sources] = windows as [TimeWindow, ...TimeWindow[]];
    const { windowStore } = backend;
    windows.forEach((window, i) => {
      backend.setCurrentNamespace(window);
      windowStore.getReducingState(SUM).add(10 ** i);
      windowStore.getListState(LIST).add(i);
      windowStore.getAggregatingState(MEAN).add(i);
    });
    for (const descriptor of [SUM, LIST, MEAN]) backend.mergeNamespaces(descriptor, target, sources);
    backend.setCurrentNamespace(target);
    expect(windowStore.getReducingState(SUM).get()).toBe(111);
    expect(windowStore.getListState(LIST).get()).toEqual([0, 1, 2]);
    expect(windowStore.getAggregatingState(MEAN).get()).toBe(1);
    for (const source of sources) {
      backend.setCurrentNamespace(source);
      expect(windowStore.getReducingState(SUM).get()).toBeUndefined();
    }
    expect(snapshotOf(backend).map(({ entries }) => entries.length)).toEqual([1, 1, 1]);
  });

  it('merges into a target without state, and stays at the current window', () => {
    const backend = atKey('a');
    backend.setCurrentNamespace(new TimeWindow(0, 3));
    const state = backend.windowStore.getReducingState(SUM);
    state.add(5);
    backend.mergeNamespaces(SUM, new TimeWindow(0, 9), [new TimeWindow(0, 3), new TimeWindow(7, 8)]);
    expect(state.get()).toBeUndefined();
    backend.setCurrentNamespace(new TimeWindow(0, 9));
    expect(state.get()).toBe(5);
  });

  it('cannot merge an aggregate without merge', () => {
    const backend = atKey('a');
    const { merge: _, ...aggregate } = MEAN.aggregate;
    const descriptor = new AggregatingStateDescriptor('mean', aggregate);
    for (const window of [new TimeWindow(0, 1), new TimeWindow(1, 2)]) {
      backend.setCurrentNamespace(window);
      backend.windowStore.getAggregatingState(descriptor).add(1);
    }
    expect(() => backend.mergeNamespaces(descriptor, new TimeWindow(0, 1), [new TimeWindow(1, 2)])).toThrow(
      "The AggregateFunction of state 'mean' of operator 'totals' has no merge method",
    );
  });
});

describe('snapshots', () => {
  it('share nothing with the state they were taken from, nor with the one restored from them', () => {
    const backend = atKey(['k', 1]);
    const value = { list: [1] };
    backend.store.getState(LAST).update(value);
    backend.store.getMapState(MAP).put(new Date(3), new Set([1]));
    const snapshot = snapshotOf(backend);
    const before = structuredClone(snapshot);
    value.list.push(2);
    expect(snapshot).toEqual(before);

    const copy = backendOf();
    restore(copy, snapshot);
    copy.setCurrentKey(['k', 1]);
    // The restored value has the type of the one that was written.
    (copy.store.getState(LAST).value() as typeof value).list.push(3);
    expect(copy.store.getMapState(MAP).get(new Date(3))).toEqual(new Set([1]));
    expect(snapshot).toEqual(before);
  });

  it('carry restored state that nobody has opened', () => {
    const backend = atKey('a');
    backend.store.getState(LAST).update(1);
    const copy = backendOf();
    restore(copy, snapshotOf(backend));
    expect(snapshotOf(copy)).toEqual(snapshotOf(backend));
  });

  it('restore the states of several former subtasks into one', () => {
    const one = atKey(1);
    one.store.getState(LAST).update('one');
    const two = atKey(2);
    two.store.getState(LAST).update('two');
    const both = backendOf();
    restore(both, [...snapshotOf(one), ...snapshotOf(two)]);
    expect(snapshotOf(both)[0]?.entries.map(({ value }) => value)).toEqual(['one', 'two']);
  });
});

describe('frozen state', () => {
  function frozen() {
    return atKey('a', { freeze: true });
  }

  it('fails when a value is changed without update', () => {
    const state = frozen().store.getState(new ValueStateDescriptor<{ n: number; list: number[] }>('v'));
    const own = { n: 1, list: [1] };
    state.update(own);
    own.n = 2;
    expect(state.value()).toEqual({ n: 1, list: [1] });
    expect(() => Object.assign(state.value()!, { n: 3 })).toThrow(TypeError);
    expect(() => state.value()!.list.push(1)).toThrow(TypeError);
  });

  it.each<[string, unknown, (value: never) => void]>([
    ['a Map', new Map([[1, 1]]), (map: Map<number, number>) => map.set(2, 2)],
    ['a Set', { nested: new Set([1]) }, ({ nested }: { nested: Set<number> }) => nested.clear()],
    ['a Date', [new Date(5)], ([date]: [Date]) => date.setFullYear(2000)],
  ])('names the state when %s is changed', (_, value, change) => {
    const state = frozen().store.getState(LAST);
    state.update(value);
    const error = expect.objectContaining({
      code: 'STATE_MUTATED',
      message: expect.stringContaining("State 'last' of operator 'totals'"),
    });
    // Each row changes the type that it wrote.
    expect(() => change(state.value() as never)).toThrow(error);
    expect(state.value()).toEqual(value);
  });

  it.each<[string, (backend: HeapKeyedStateBackend) => void]>([
    ['at the next key', (backend) => backend.setCurrentKey('a')],
    ['at the next read', ({ store }) => store.getState(LAST).value()],
    ['at the snapshot', (backend) => snapshotOf(backend)],
    ['when asked', (backend) => backend.verifyNotMutated()],
  ])('notices a change of binary data %s', (_, use) => {
    const backend = frozen();
    const state = backend.store.getState(LAST);
    state.update({ bytes: new Uint8Array([1, 2]) });
    // The row before wrote this type.
    const { bytes } = state.value() as { bytes: Uint8Array };
    expect(() => use(backend)).not.toThrow();
    state.value();
    bytes[0] = 9;
    expect(() => use(backend)).toThrow("State 'last' of operator 'totals' was changed in place");
  });

  it('notices a change of binary data in a list', () => {
    const state = frozen().store.getListState(new ListStateDescriptor<Uint8Array>('bytes'));
    state.add(new Uint8Array(1));
    state.get()[0]![0] = 1;
    expect(() => state.get()).toThrow(expect.objectContaining({ code: 'STATE_MUTATED' }));
  });

  it('does not let a list be changed from outside', () => {
    const state = frozen().store.getListState(LIST);
    state.add({ n: 1 });
    state.add({ n: 2 });
    // The type forbids what is tried here.
    const list = state.get() as unknown[];
    expect(() => list.push(1)).toThrow(TypeError);
    expect(state.get()).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('lets an aggregate change its accumulator', () => {
    const state = frozen().store.getAggregatingState(MEAN);
    state.add(1);
    state.add(3);
    expect(state.get()).toBe(2);
  });

  it('gives snapshots that are not frozen', () => {
    const backend = frozen();
    backend.store.getState(LAST).update(new Map([[1, 1]]));
    // The line before wrote this type.
    const map = snapshotOf(backend)[0]?.entries[0]?.value as Map<number, number>;
    map.set(2, 2);
    expect(map.size).toBe(2);
  });
});

describe('state under a journal', () => {
  it('hands out copies, so that a change in place can be undone', () => {
    const state = atKey('a', { journal: new UndoJournal() }).store.getState(LAST);
    state.update({ n: 1 });
    Object.assign(state.value()!, { n: 2 });
    expect(state.value()).toEqual({ n: 1 });
  });

  it('undoes what a failed record did, wherever the key stands by then', () => {
    const journal = new UndoJournal();
    const backend = atKey('a', { journal });
    const mean = backend.store.getAggregatingState(MEAN);
    const list = backend.store.getListState(LIST);
    mean.add(4);
    list.add('kept');
    const before = snapshotOf(backend);
    journal.guard(
      () => {
        mean.add(100);
        list.add('gone');
        backend.setCurrentKey('b');
        mean.add(1);
        backend.setCurrentKey('a');
        list.clear();
        list.add('gone too');
        backend.setCurrentKey('c');
        throw new Error('poison');
      },
      () => {},
    );
    expect(snapshotOf(backend)).toEqual(before);
    expect(backend.currentKey).toBe('c');
  });
});
