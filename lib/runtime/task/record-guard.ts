import { InvariantError } from '../../core/errors.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import type { DeadLetterOutput } from '../../ports/dead-letters.ts';
import type { Input, UserCodeCursor } from '../operator.ts';
import { deadLetterOf, FiringFailure } from './failure.ts';
import type { UndoJournal } from './undo-journal.ts';

/** What a guard works with; one per task. */
export interface RecordGuardOptions {
  readonly journal: UndoJournal;
  readonly cursor: UserCodeCursor;
  readonly deadLetters: DeadLetterOutput;
  readonly deadCounter: Counter;
  /** Where the record being processed stands, in words. */
  readonly currentPosition: () => string;
}

/**
 * Makes a record atomic: when user code of an operator with `onError: 'dead-letter'` throws, everything the
 * record did is undone, the record goes to the dead letters, and processing goes on.
 */
export class RecordGuard {
  readonly #options: RecordGuardOptions;

  constructor(options: RecordGuardOptions) {
    this.#options = options;
  }

  run(value: unknown, timestamp: number, work: () => void): void {
    this.#options.journal.guard(work, (error) => this.#onError(error, value, timestamp));
  }

  /** An input whose records are guarded. */
  guarded(target: Input): Input {
    return {
      processElement: (value, timestamp) =>
        this.run(value, timestamp, () => target.processElement(value, timestamp)),
      processWatermark: (watermark) => target.processWatermark(watermark),
      processWatermarkStatus: (idle) => target.processWatermarkStatus(idle),
      get reached() {
        return target.reached;
      },
    };
  }

  #onError(error: unknown, value: unknown, timestamp: number): void {
    const { cursor, deadLetters, deadCounter, currentPosition } = this.#options;
    const operator = cursor.operator;
    if (operator === undefined || operator.onError === 'fail') throw error;
    if (error instanceof FiringFailure || error instanceof InvariantError) throw error;
    const letter = deadLetterOf(error, { value, timestamp, position: currentPosition() }, operator);
    // An outer record may still be undone, and this letter with it.
    this.#options.journal.defer(() => {
      deadLetters.write(letter);
      deadCounter.inc();
    });
  }
}

/**
 * Marks exceptions of timers and windows that a watermark fires, so that no guard takes them for a
 * record's.
 */
export function firingBarrier(target: Input): Input {
  return {
    processElement: (value, timestamp) => target.processElement(value, timestamp),
    processWatermark: (watermark) => {
      try {
        target.processWatermark(watermark);
      } catch (error) {
        throw error instanceof FiringFailure ? error : new FiringFailure(error);
      }
    },
    processWatermarkStatus: (idle) => target.processWatermarkStatus(idle),
    get reached() {
      return target.reached;
    },
  };
}
