/** Random programs on keyed state against plain Maps, with restores and failing records in between. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AggregatingStateDescriptor,
  type KeyedStateStore,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../../lib/core/state.ts';
import { TimeWindow } from '../../../../lib/core/window/window.ts';
import { OperatorImage } from '../../../../lib/protocol/operator-image.ts';
import {
  type KeyedStateSnapshot,
  keyedDeltasOf,
  keyedSnapshotsOf,
} from '../../../../lib/runtime/snapshot.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';

type Operation =
  | { readonly kind: 'value' | 'list' | 'map' | 'reducing' | 'aggregating'; readonly x: number }
  | { readonly kind: 'list-update' | 'map-remove'; readonly x: number }
  | { readonly kind: 'clear'; readonly of: 'value' | 'list' | 'map' | 'reducing' | 'aggregating' };

interface Step {
  readonly key: unknown;
  /** Undefined: plain keyed state. */
  readonly window: TimeWindow | undefined;
  readonly operations: readonly Operation[];
  readonly outcome: 'go-on' | 'fail' | 'restore' | 'collect';
}

const VALUE = new ValueStateDescriptor<{ readonly x: number }>('value');
const LIST = new ListStateDescriptor<number>('list');
const MAP = new MapStateDescriptor<unknown, number>('map');
const REDUCING = new ReducingStateDescriptor<string>('reducing', (a, b) => a + b);
const AGGREGATING = new AggregatingStateDescriptor<number, { items: number[] }, string>('aggregating', {
  createAccumulator: () => ({ items: [] }),
  add: (accumulator, x) => {
    accumulator.items.push(x);
    return accumulator;
  },
  getResult: ({ items }) => items.join(),
});

const x = fc.nat(4);
const kinds = ['value', 'list', 'map', 'reducing', 'aggregating'] as const;
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom(...kinds, 'list-update' as const, 'map-remove' as const), x }),
  fc.record({ kind: fc.constant('clear' as const), of: fc.constantFrom(...kinds) }),
);
const step: fc.Arbitrary<Step> = fc.record({
  key: fc.constantFrom<unknown>('a', 1n, [1, 'a']),
  window: fc.constantFrom(undefined, new TimeWindow(0, 10), new TimeWindow(5, 10)),
  operations: fc.array(operation, { minLength: 1, maxLength: 8, size: 'max' }),
  outcome: fc.constantFrom('go-on', 'go-on', 'fail', 'restore', 'collect'),
});

function apply(store: KeyedStateStore, operation: Operation): void {
  if (operation.kind === 'clear') {
    clear(store, operation.of);
    return;
  }
  const { kind, x } = operation;
  if (kind === 'value') store.getState(VALUE).update({ x });
  else if (kind === 'list') store.getListState(LIST).add(x);
  else if (kind === 'list-update')
    store.getListState(LIST).update(Array.from({ length: 40 * x }, (_, i) => i));
  else if (kind === 'map') store.getMapState(MAP).put([x], x);
  else if (kind === 'map-remove') store.getMapState(MAP).remove([x]);
  else if (kind === 'reducing') store.getReducingState(REDUCING).add(String(x));
  else store.getAggregatingState(AGGREGATING).add(x);
}

function clear(store: KeyedStateStore, kind: (typeof kinds)[number]): void {
  if (kind === 'value') store.getState(VALUE).clear();
  else if (kind === 'list') store.getListState(LIST).clear();
  else if (kind === 'map') store.getMapState(MAP).clear();
  else if (kind === 'reducing') store.getReducingState(REDUCING).clear();
  else store.getAggregatingState(AGGREGATING).clear();
}

const NOTHING = {
  operator: 'op',
  timers: [],
  states: [],
  watermark: undefined,
  keyGroupWatermarks: undefined,
};

/** What the states of one key and window hold, by the simplest means. */
class Model {
  value: { readonly x: number } | undefined;
  list: number[] = [];
  map = new Map<number, number>();
  reducing: string | undefined;
  aggregating: number[] | undefined;

  apply(operation: Operation): void {
    if (operation.kind === 'clear') this.#clear(operation.of);
    else if (operation.kind === 'value') this.value = { x: operation.x };
    else if (operation.kind === 'list') this.list.push(operation.x);
    else if (operation.kind === 'list-update')
      this.list = Array.from({ length: 40 * operation.x }, (_, i) => i);
    else if (operation.kind === 'map') this.map.set(operation.x, operation.x);
    else if (operation.kind === 'map-remove') this.map.delete(operation.x);
    else if (operation.kind === 'reducing') this.reducing = (this.reducing ?? '') + String(operation.x);
    else this.aggregating = [...(this.aggregating ?? []), operation.x];
  }

  #clear(kind: (typeof kinds)[number]): void {
    if (kind === 'list') this.list = [];
    else if (kind === 'map') this.map = new Map();
    else this[kind] = undefined;
  }

  seen(): unknown {
    const { value, list, map, reducing, aggregating } = this;
    return { value, list, map: new Map(map), reducing, aggregating: aggregating?.join() };
  }
}

function seenIn(store: KeyedStateStore): unknown {
  const entries = Array.from(store.getMapState(MAP).entries(), ([key, value]): [number, number] => {
    // `apply` puts keys of one number in a tuple.
    const [number] = key as [number];
    return [number, value];
  });
  return {
    value: store.getState(VALUE).value(),
    list: [...store.getListState(LIST).get()],
    map: new Map(entries),
    reducing: store.getReducingState(REDUCING).get(),
    aggregating: store.getAggregatingState(AGGREGATING).get(),
  };
}

function snapshotOf(backend: HeapKeyedStateBackend): readonly KeyedStateSnapshot[] {
  return keyedSnapshotsOf(structuredClone(backend.collectState('all')));
}

/** The content of a snapshot without the order of its entries. */
function contentOf(snapshot: readonly KeyedStateSnapshot[]): ReadonlySet<string> {
  const lines = snapshot.flatMap(({ name, kind, entries }) =>
    entries.map(({ key, namespace, value }) => {
      // Snapshots of map state are arrays of entries.
      const content = kind === 'map' ? [...(value as unknown[])].map(textOf).sort() : value;
      return textOf([name, key, namespace, content]);
    }),
  );
  expect(new Set(lines).size).toBe(lines.length);
  return new Set(lines);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
}

function run(steps: readonly Step[], options: { readonly freeze: boolean; readonly journal: boolean }): void {
  const journal = options.journal ? new UndoJournal() : undefined;
  const create = () =>
    new HeapKeyedStateBackend({ operatorLabel: 'op', journal, freeze: options.freeze, trackChanges: true });
  const models = new Map<string, Model>();
  let backend = create();
  const image = new OperatorImage('op');
  const collect = () => {
    const keyed = structuredClone(backend.collectState('changes'));
    // Of values and windows alike there are states of one name here, but of one kind each.
    image.apply({ ...NOTHING, keyed });
    const folded = keyedSnapshotsOf(image.delta()?.keyed ?? []);
    expect(contentOf(folded)).toEqual(contentOf(snapshotOf(backend)));
    expect(backend.collectState('changes')).toEqual([]);
  };
  for (const { key, window, operations, outcome } of steps) {
    const name = textOf([key, window]);
    const model = models.get(name) ?? new Model();
    models.set(name, model);
    const enter = () => {
      backend.setCurrentKey(structuredClone(key));
      if (window !== undefined) backend.setCurrentNamespace(new TimeWindow(window.start, window.end));
      return window === undefined ? backend.store : backend.windowStore;
    };
    const work = () => {
      const store = enter();
      for (const operation of operations) apply(store, operation);
    };
    if (outcome === 'fail' && journal !== undefined) {
      const before = contentOf(snapshotOf(backend));
      const poison = () => {
        work();
        backend.setCurrentKey('elsewhere');
        throw new Error('poison');
      };
      journal.guard(poison, () => {});
      expect(contentOf(snapshotOf(backend))).toEqual(before);
    } else {
      work();
      for (const operation of operations) model.apply(operation);
    }
    if (outcome === 'collect') collect();
    if (outcome === 'restore') {
      collect();
      const snapshot = snapshotOf(backend);
      backend = create();
      backend.applyState(keyedDeltasOf(snapshot));
      expect(contentOf(snapshotOf(backend))).toEqual(contentOf(snapshot));
      expect(backend.collectState('changes')).toEqual([]);
    }
    expect(seenIn(enter())).toEqual(model.seen());
  }
  collect();
}

describe('HeapKeyedStateBackend', () => {
  it.each([
    { freeze: false, journal: false },
    { freeze: true, journal: false },
    { freeze: false, journal: true },
    { freeze: true, journal: true },
  ])(
    'agrees with plain Maps through restores and failing records (freeze $freeze, journal $journal)',
    (options) => {
      const programs = fc.array(step, { maxLength: 30, size: 'max' });
      fc.assert(fc.property(programs, (steps) => run(steps, options)));
    },
  );

  it('leaves nothing behind once everything is cleared', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const backend = new HeapKeyedStateBackend({
          ...{ operatorLabel: 'op', journal: undefined, freeze: false, trackChanges: false },
        });
        const inPlace = ({ key, window }: Step) => {
          backend.setCurrentKey(key);
          if (window !== undefined) backend.setCurrentNamespace(window);
          return window === undefined ? backend.store : backend.windowStore;
        };
        for (const one of steps) for (const operation of one.operations) apply(inPlace(one), operation);
        for (const one of steps) for (const kind of kinds) clear(inPlace(one), kind);
        expect(snapshotOf(backend)).toEqual([]);
      }),
    );
  });
});
