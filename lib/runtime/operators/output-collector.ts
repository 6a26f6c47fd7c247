import type { Collector } from '../../core/functions/rich-function.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { Input, OperatorContext, UserCodeCursor } from '../operator.ts';

/** Collector of an operator: what a function collects gets the timestamp of the record or timer at hand. */
export class OutputCollector implements Collector<unknown> {
  timestamp = NO_TIMESTAMP;
  readonly #output: Input;
  readonly #context: OperatorContext;
  readonly #cursor: UserCodeCursor;

  constructor(context: OperatorContext) {
    this.#output = context.output;
    this.#context = context;
    this.#cursor = context.cursor;
  }

  collect(value: unknown): void {
    this.#output.processElement(value, this.timestamp);
    // The operators behind have run: what is thrown from here on is this operator's again.
    this.#cursor.operator = this.#context;
  }
}
