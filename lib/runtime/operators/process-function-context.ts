import { UserError } from '../../core/errors.ts';
import type { ProcessContext, TimerService } from '../../core/functions/process-function.ts';
import { OutputTag } from '../../core/output-tag.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { OperatorContext } from '../operator.ts';

/** The one context object of a process operator: it always shows the record or timer at hand. */
export class ProcessFunctionContext implements ProcessContext {
  /** Of the record or timer at hand. Unit: ms since the epoch. */
  currentTimestamp = NO_TIMESTAMP;
  readonly timerService: TimerService;
  readonly #operator: OperatorContext;

  constructor(operator: OperatorContext, timerService: TimerService) {
    this.#operator = operator;
    this.timerService = timerService;
  }

  get timestamp(): number | undefined {
    return this.currentTimestamp === NO_TIMESTAMP ? undefined : this.currentTimestamp;
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    const { cursor } = this.#operator;
    if (!(tag instanceof OutputTag)) throw this.#invalidTag(tag);
    this.#operator.sideOutput(tag.id)?.processElement(value, this.currentTimestamp);
    // The operators behind have run: what is thrown from here on is this operator's again.
    cursor.operator = this.#operator;
  }

  #invalidTag(tag: unknown): UserError {
    const { operatorName, location } = this.#operator;
    return new UserError(
      'OUTPUT_TAG_INVALID',
      `Operator '${operatorName}', made at ${location}, called output() with ${String(tag)} for a tag; ` +
        'give the OutputTag that getSideOutput() is called with.',
      { context: { operatorName, location } },
    );
  }
}
