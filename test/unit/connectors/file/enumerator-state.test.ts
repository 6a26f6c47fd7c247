import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EnumeratorState } from '../../../../lib/connectors/file/enumerator-state.ts';
import { type FileSplit, newSplit } from '../../../../lib/connectors/file/file-split.ts';
import type { OperatorStateDelta } from '../../../../lib/core/log/state-delta.ts';
import { StateImage } from '../../../../lib/protocol/state-image.ts';

/** What a commit and a restore make of the states. */
class StoredState {
  private readonly image = new StateImage();
  changes = 0;

  commit(states: readonly OperatorStateDelta[]): void {
    this.changes = states.reduce((sum, { changes }) => sum + changes.length, 0);
    this.image.apply({
      ...{ operator: 'source', keyed: [], timers: [], states },
      ...{ watermark: undefined, keyGroupWatermarks: undefined },
    });
  }

  restored(): readonly OperatorStateDelta[] {
    return structuredClone(this.image.deltas()).flatMap((delta) => delta.states);
  }
}

function filesOf(pending: readonly FileSplit[]): readonly string[] {
  return pending.map(({ path }) => path);
}

describe('the state of a file enumerator', () => {
  it('gives back what waits, in order, and what was seen, after any history', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('discover'), files: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ kind: fc.constantFrom('assign', 'return', 'commit', 'restart'), files: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state = new EnumeratorState();
        const stored = new StoredState();
        let pending: readonly FileSplit[] = [];
        let seen: ReadonlySet<string> = new Set();
        let committed: readonly [readonly string[], readonly string[]] = [[], []];
        const assigned: FileSplit[] = [];
        for (const { kind, files } of steps) {
          if (kind === 'discover') {
            const found = Array.from({ length: files }, (_, i) => newSplit(`f${seen.size + i}`));
            pending = [...pending, ...found];
            seen = new Set([...seen, ...filesOf(found)]);
          } else if (kind === 'assign') {
            assigned.push(...pending.slice(0, 1));
            pending = pending.slice(1);
          } else if (kind === 'return') {
            pending = [...assigned.splice(0), ...pending];
          } else if (kind === 'commit') {
            stored.commit(state.collect('changes', { pending, seen }));
            committed = [filesOf(pending), [...seen]];
          } else {
            state = new EnumeratorState();
            const restored = state.apply(stored.restored());
            expect([filesOf(restored.pending), [...restored.seen]]).toEqual(committed);
            pending = restored.pending;
            seen = restored.seen;
            assigned.length = 0;
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('writes new files only', () => {
    const state = new EnumeratorState();
    const stored = new StoredState();
    const pending = Array.from({ length: 1000 }, (_, i) => newSplit(`f${i}`));
    const seen = new Set(filesOf(pending));
    stored.commit(state.collect('changes', { pending, seen }));
    expect(stored.changes).toBe(2001);
    stored.commit(state.collect('changes', { pending, seen }));
    expect(stored.changes).toBe(0);
    const more = newSplit('new');
    const next = [...pending.slice(1), more];
    stored.commit(state.collect('changes', { pending: next, seen: new Set([...seen, 'new']) }));
    expect(stored.changes).toBe(3);
  });

  it('is not that of a new enumerator when nothing is left', () => {
    const state = new EnumeratorState();
    const stored = new StoredState();
    expect(new EnumeratorState().apply(stored.restored()).begun).toBe(false);
    stored.commit(state.collect('changes', { pending: [], seen: new Set() }));
    expect(new EnumeratorState().apply(stored.restored()).begun).toBe(true);
  });
});
