import type { Counter } from '../../core/functions/rich-function.ts';
import { addClamped } from '../../core/time.ts';
import type { WindowSpec } from '../../graph/operator-spec.ts';
import type { OperatorContext } from '../operator.ts';

/**
 * What becomes of records that no window took: the late ones go to the side output or are dropped and
 * counted.
 */
export class LateRecords {
  readonly #context: OperatorContext;
  readonly #dropped: Counter;
  readonly #allowedLatenessMs: number;
  readonly #tagId: string | undefined;

  constructor(spec: WindowSpec, context: OperatorContext) {
    this.#context = context;
    this.#dropped = context.counter('numLateRecordsDropped');
    this.#allowedLatenessMs = spec.allowedLatenessMs;
    this.#tagId = spec.lateTagId;
  }

  /** Takes a record of event-time windows; one that fell between two windows but is not late vanishes. */
  skip(value: unknown, timestamp: number, watermark: number): void {
    if (addClamped(timestamp, this.#allowedLatenessMs) > watermark) return;
    if (this.#tagId === undefined) {
      this.#dropped.inc();
      this.#context.journal?.record(() => this.#dropped.inc(-1));
      return;
    }
    this.#context.sideOutput(this.#tagId)?.processElement(value, timestamp);
    this.#context.cursor.operator = this.#context;
  }
}
