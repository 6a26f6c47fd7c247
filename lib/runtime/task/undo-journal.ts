import type { Journal } from '../operator.ts';

/**
 * Undo log of a task whose operators dead-letter records on error.
 *
 * While a record is processed, changes of state record how to undo them and everything that leaves the task
 * is deferred. If user code throws, the journal rolls back to the mark taken before the record; when the
 * outermost record is done, the deferred actions run in order.
 */
export class UndoJournal implements Journal {
  #undo: (() => void)[] = [];
  #deferred: (() => void)[] = [];
  #depth = 0;

  record(undo: () => void): void {
    if (this.#depth > 0) this.#undo.push(undo);
  }

  defer(action: () => void): void {
    if (this.#depth > 0) this.#deferred.push(action);
    else action();
  }

  /**
   * Runs `work`; if it throws, undoes everything it did and hands the error to `onError`, which may
   * rethrow.
   */
  guard(work: () => void, onError: (error: unknown) => void): void {
    const undoMark = this.#undo.length;
    const deferredMark = this.#deferred.length;
    this.#depth++;
    try {
      work();
      this.#depth--;
    } catch (error) {
      this.#depth--;
      this.#rollBack(undoMark, deferredMark);
      onError(error);
    }
    if (this.#depth === 0) this.#complete();
  }

  #rollBack(undoMark: number, deferredMark: number): void {
    for (let i = this.#undo.length - 1; i >= undoMark; i--) this.#undo[i]?.();
    this.#undo.length = undoMark;
    this.#deferred.length = deferredMark;
  }

  #complete(): void {
    this.#undo.length = 0;
    const actions = this.#deferred;
    this.#deferred = [];
    for (const action of actions) action();
  }
}
