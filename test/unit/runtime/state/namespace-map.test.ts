import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GlobalWindow, TimeWindow, type Window } from '../../../../lib/core/window/window.ts';
import { namespaceOf, sameNamespace, windowOf } from '../../../../lib/runtime/state/namespace.ts';
import { NamespaceMap } from '../../../../lib/runtime/state/namespace-map.ts';

class Oddity implements Window {
  readonly maxTimestamp = 1;
}

const window = fc.oneof(
  { arbitrary: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 4, max: 6 })), weight: 5 },
  { arbitrary: fc.constant('global' as const), weight: 1 },
);

describe('NamespaceMap', () => {
  it('behaves like a Map of window names', () => {
    const change = fc.record({ window, value: fc.option(fc.nat(), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const map = new NamespaceMap<number>();
        const model = new Map<string, number>();
        for (const { window: namespace, value } of changes) {
          const at = windowOf(namespace)!;
          if (value === undefined) {
            map.delete(at);
            model.delete(String(namespace));
          } else {
            map.set(at, value);
            model.set(String(namespace), value);
          }
          expect(map.get(at)).toBe(value);
        }
        const found = Array.from(map.entries(), ([namespace, value]) => [String(namespace), value] as const);
        expect(new Map(found)).toEqual(model);
        expect(found).toHaveLength(model.size);
      }),
    );
  });

  it('refuses windows of unknown types with the name of the type', () => {
    expect(() => new NamespaceMap().set(new Oddity(), 1)).toThrow(
      'A window of type Oddity cannot hold state',
    );
    expect(() => new NamespaceMap().get(new Oddity())).toThrow('Oddity');
    expect(() => namespaceOf(new Oddity())).toThrow('Oddity');
  });
});

describe('namespaces', () => {
  it('compare windows by value', () => {
    expect(sameNamespace(new TimeWindow(1, 2), new TimeWindow(1, 2))).toBe(true);
    expect(sameNamespace(new TimeWindow(1, 2), new TimeWindow(0, 2))).toBe(false);
    expect(sameNamespace(new TimeWindow(1, 2), GlobalWindow.INSTANCE)).toBe(false);
    expect(sameNamespace(undefined, GlobalWindow.INSTANCE)).toBe(false);
    expect(sameNamespace(new GlobalWindow(), GlobalWindow.INSTANCE)).toBe(true);
    expect(sameNamespace(undefined, undefined)).toBe(true);
  });

  it('come back from a snapshot as they were', () => {
    for (const window of [undefined, GlobalWindow.INSTANCE, new TimeWindow(-5, 7)]) {
      expect(windowOf(namespaceOf(window))).toEqual(window);
    }
  });
});
