/** The table backend with a handful of keys in memory against the heap backend, over a real table. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.ts';
import { rowChangesOf, statesOfRows } from '../../../../lib/core/codec/keyed-rows.ts';
import { encodeKey } from '../../../../lib/core/key.ts';
import {
  AggregatingStateDescriptor,
  type KeyedStateStore,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../../../../lib/core/state.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import type { KeyedStateBackend } from '../../../../lib/runtime/state/keyed-state-backend.ts';
import { TableKeyedStateBackend } from '../../../../lib/runtime/state/table-keyed-state-backend.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';

const VALUE = new ValueStateDescriptor<{ readonly x: number }>('value');
const LIST = new ListStateDescriptor<number>('list');
const MAP = new MapStateDescriptor<unknown, number>('map');
const REDUCING = new ReducingStateDescriptor<string>('reducing', (a, b) => a + b);
const SUM = new AggregatingStateDescriptor<number, { items: number[] }, string>('sum', {
  createAccumulator: () => ({ items: [] }),
  add: (accumulator, x) => {
    accumulator.items.push(x);
    return accumulator;
  },
  getResult: ({ items }) => items.join(),
  merge: (a, b) => ({ items: [...a.items, ...b.items] }),
});

const KINDS = ['value', 'list', 'lists', 'map', 'unmap', 'reducing', 'sum', 'clear', 'merge'] as const;
const WINDOWS = [undefined, new TimeWindow(0, 10), new TimeWindow(5, 10), GlobalWindow.INSTANCE];
const OPTIONS = { operatorLabel: 'op', journal: undefined, freeze: false };

interface Step {
  readonly key: unknown;
  readonly window: Window | undefined;
  readonly operations: readonly { readonly kind: (typeof KINDS)[number]; readonly x: number }[];
  readonly outcome: 'go-on' | 'fail' | 'commit' | 'restart';
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    key: fc.constantFrom<unknown>('a', 'b', 1, 1n, [1, 'a'], true, Number.NaN),
    window: fc.constantFrom(...WINDOWS),
    operations: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), x: fc.nat(4) }), { maxLength: 6 }),
    outcome: fc.constantFrom('go-on', 'go-on', 'fail', 'commit', 'restart'),
  }),
  { maxLength: 40, size: 'max' },
);

function enter(backend: KeyedStateBackend, { key, window }: Step): KeyedStateStore {
  backend.setCurrentKey(key);
  if (window === undefined) return backend.store;
  backend.setCurrentNamespace(window);
  return backend.windowStore;
}

function apply(backend: KeyedStateBackend, step: Step): void {
  const store = enter(backend, step);
  for (const { kind, x } of step.operations) {
    if (kind === 'value') store.getState(VALUE).update({ x });
    else if (kind === 'list') store.getListState(LIST).add(x);
    else if (kind === 'lists') store.getListState(LIST).update(Array.from({ length: 50 * x }, (_, i) => i));
    else if (kind === 'map') store.getMapState(MAP).put([x], x);
    else if (kind === 'unmap') store.getMapState(MAP).remove([x]);
    else if (kind === 'reducing') store.getReducingState(REDUCING).add(String(x));
    else if (kind === 'sum') store.getAggregatingState(SUM).add(x);
    else if (kind === 'merge') merge(backend);
    else clear(store, x);
  }
}

function merge(backend: KeyedStateBackend): void {
  const [target, source] = [new TimeWindow(0, 10), new TimeWindow(5, 10)];
  for (const descriptor of [LIST, REDUCING, SUM]) backend.mergeNamespaces(descriptor, target, [source]);
}

function clear(store: KeyedStateStore, which: number): void {
  const states = [store.getState(VALUE), store.getListState(LIST), store.getMapState(MAP)];
  (states[which] ?? store.getReducingState(REDUCING)).clear();
}

function seen(backend: KeyedStateBackend, step: Step): unknown {
  const store = enter(backend, step);
  const entries = [...store.getMapState(MAP).entries()].map(([key, value]) => [String(key), value] as const);
  return {
    value: store.getState(VALUE).value(),
    list: [...store.getListState(LIST).get()],
    map: new Map(entries),
    reducing: store.getReducingState(REDUCING).get(),
    sum: store.getAggregatingState(SUM).get(),
  };
}

/** Whole state, whatever its order. */
function contentOf(states: ReturnType<KeyedStateBackend['collectState']>): readonly string[] {
  return states
    .flatMap(({ name, kind, changes }) => changes.map((change) => textOf([name, kind, change])))
    .sort();
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? `${part}n` : Number.isNaN(part) ? 'NaN' : part,
  );
}

let folder = '';
let sqlite: SqliteStore;
let operators = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-table-'));
  sqlite = SqliteStore.open(folder, { jobName: 'table' });
});

afterAll(() => {
  sqlite.close();
  rmSync(folder, { recursive: true });
});

/** An operator whose keyed state lives in the store. */
class Subject {
  readonly operator = `op${operators++}`;
  readonly #options: { readonly journal: UndoJournal | undefined; readonly freeze: boolean };
  readonly #limits: { readonly keysMax: number; readonly bytesMax: number };
  backend: TableKeyedStateBackend;
  asked = 0;
  loads = 0;

  constructor(
    options: { readonly journal: UndoJournal | undefined; readonly freeze: boolean } = OPTIONS,
    limits = { keysMax: 2, bytesMax: 1e9 },
  ) {
    this.#options = options;
    this.#limits = limits;
    this.backend = this.create();
  }

  create(): TableKeyedStateBackend {
    return new TableKeyedStateBackend(
      { ...this.#options, operatorLabel: 'op' },
      {
        limits: this.#limits,
        readKey: (key) => {
          this.loads++;
          return sqlite.keyed.readKey(this.operator, encodeKey(key));
        },
        full: () => {
          this.asked++;
        },
      },
    );
  }

  commit(): void {
    const changes = rowChangesOf(this.backend.collectState('changes'));
    sqlite.commit({ rows: [{ operator: this.operator, changes }] });
  }

  restart(): void {
    this.commit();
    this.backend = this.create();
  }

  stored(): readonly string[] {
    return contentOf(statesOfRows(sqlite.keyed.rows(this.operator)));
  }
}

function run(
  program: readonly Step[],
  options: { readonly freeze: boolean; readonly journal: boolean },
): void {
  const journal = options.journal ? new UndoJournal() : undefined;
  const heap = new HeapKeyedStateBackend({ ...OPTIONS, trackChanges: false });
  const subject = new Subject({ freeze: options.freeze, journal });
  for (const step of program) {
    if (step.outcome === 'fail' && journal !== undefined) {
      const poison = () => {
        apply(subject.backend, step);
        subject.backend.setCurrentKey('elsewhere');
        throw new Error('poison');
      };
      journal.guard(poison, () => {});
    } else {
      apply(heap, step);
      apply(subject.backend, step);
    }
    if (step.outcome === 'commit') subject.commit();
    if (step.outcome === 'restart') subject.restart();
    expect(seen(subject.backend, step)).toEqual(seen(heap, step));
  }
  subject.commit();
  expect(subject.stored()).toEqual(contentOf(heap.collectState('all')));
}

describe('TableKeyedStateBackend', () => {
  it.each([
    { freeze: false, journal: false },
    { freeze: true, journal: false },
    { freeze: false, journal: true },
  ])('agrees with the heap with two keys in memory (freeze $freeze, journal $journal)', (options) => {
    fc.assert(
      fc.property(steps, (program) => run(program, options)),
      { numRuns: 60 },
    );
  });

  it('keeps at most the keys between two commits in memory, beside those it may keep', () => {
    const subject = new Subject(OPTIONS, { keysMax: 10, bytesMax: 1e9 });
    const count = subject.backend.store.getState(new ValueStateDescriptor<number>('count'));
    for (let round = 0; round < 3; round++) {
      for (let key = 0; key < 100; key++) {
        subject.backend.setCurrentKey(key);
        count.update((count.value() ?? 0) + 1);
        if (key % 5 === 4) subject.commit();
        expect(subject.backend.residentKeys).toBeLessThanOrEqual(15);
      }
    }
    expect(subject.stored()).toHaveLength(100);
    subject.backend.setCurrentKey(17);
    expect(count.value()).toBe(3);
  });

  it('lets keys go that take too many bytes', () => {
    const subject = new Subject(OPTIONS, { keysMax: 1000, bytesMax: 10_000 });
    const text = subject.backend.store.getState(new ValueStateDescriptor<string>('text'));
    for (let key = 0; key < 50; key++) {
      subject.backend.setCurrentKey(key);
      text.update('x'.repeat(1000));
      subject.commit();
      expect(subject.backend.residentKeys).toBeLessThanOrEqual(12);
    }
  });

  it('keeps a key that is written again and again in memory', () => {
    const subject = new Subject(OPTIONS, { keysMax: 1000, bytesMax: 5000 });
    const text = subject.backend.store.getState(new ValueStateDescriptor<string>('text'));
    for (let i = 0; i < 100; i++) {
      for (const key of ['a', 'b']) {
        subject.backend.setCurrentKey(key);
        text.update('x'.repeat(1000));
      }
      subject.commit();
    }
    expect(subject.loads).toBe(2);
  });

  it('asks for a commit when a batch has more keys than may be in memory', () => {
    const subject = new Subject();
    for (const key of ['a', 'b']) subject.backend.setCurrentKey(key);
    expect(subject.asked).toBe(0);
    subject.backend.setCurrentKey('c');
    expect(subject.asked).toBe(1);
    subject.commit();
    subject.backend.setCurrentKey('d');
    expect(subject.asked).toBe(1);
    expect(subject.backend.residentKeys).toBe(2);
  });

  it('reads keys anew that another process has changed', () => {
    const subject = new Subject();
    subject.backend.setCurrentKey('a');
    subject.backend.store.getState(VALUE).update({ x: 1 });
    subject.commit();
    const other = subject.create();
    other.setCurrentKey('a');
    other.store.getState(VALUE).update({ x: 2 });
    const states = other.collectState('changes');
    sqlite.commit({ rows: [{ operator: subject.operator, changes: rowChangesOf(states) }] });
    expect(subject.backend.missingKeys(['a', 'b'])).toEqual(['b']);
    subject.backend.applyState(states);
    expect(subject.backend.missingKeys(['a'])).toEqual(['a']);
    subject.backend.setCurrentKey('a');
    expect(subject.backend.store.getState(VALUE).value()).toEqual({ x: 2 });
    expect(subject.backend.collectState('changes')).toEqual([]);
  });
});
