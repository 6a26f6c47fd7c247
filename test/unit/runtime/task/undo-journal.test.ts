import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';

type Step =
  | { readonly write: number }
  | { readonly send: number }
  | { readonly fails: boolean; readonly steps: readonly Step[] };

const steps = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 5 }),
  step: fc.oneof(
    { maxDepth: 4 },
    fc.record({ write: fc.integer() }),
    fc.record({ send: fc.integer() }),
    fc.record({ fails: fc.boolean(), steps: tie('steps') }),
  ),
})).steps;

/**
 * What should be left: the writes and sends of every guard that did not fail and is not inside one that
 * failed.
 */
function survivors(all: readonly Step[], kind: 'write' | 'send'): number[] {
  return all.flatMap((step) => {
    if ('steps' in step) return step.fails ? [] : survivors(step.steps, kind);
    const value = (step as Partial<Record<typeof kind, number>>)[kind];
    return value === undefined ? [] : [value];
  });
}

describe('the undo journal', () => {
  it('leaves no trace of a record that failed and every trace of one that did not', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const journal = new UndoJournal();
        const state: number[] = [];
        const sent: number[] = [];
        const run = (list: readonly Step[]): void => {
          for (const step of list) {
            if ('write' in step) {
              state.push(step.write);
              journal.record(() => state.pop());
            } else if ('send' in step) journal.defer(() => sent.push(step.send));
            else guard(step.steps, step.fails);
          }
        };
        const guard = (list: readonly Step[], fails: boolean) =>
          journal.guard(
            () => {
              run(list);
              if (fails) throw new Error('as asked');
            },
            (error) => expect(error).toBeInstanceOf(Error),
          );
        guard(all, false);
        expect(state).toEqual(survivors(all, 'write'));
        expect(sent).toEqual(survivors(all, 'send'));
      }),
    );
  });

  it('lets an error through that its handler throws again, after undoing', () => {
    const journal = new UndoJournal();
    let value = 0;
    const work = () => {
      value = 1;
      journal.record(() => {
        value = 0;
      });
      throw new Error('fatal');
    };
    expect(() =>
      journal.guard(work, (error) => {
        throw error;
      }),
    ).toThrow('fatal');
    expect(value).toBe(0);
  });

  it('sends at once outside of any record', () => {
    const sent: string[] = [];
    new UndoJournal().defer(() => sent.push('watermark'));
    expect(sent).toEqual(['watermark']);
  });
});
