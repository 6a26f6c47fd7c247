import { UserError } from '../../core/errors.ts';
import type { TimerService } from '../../core/functions/process-function.ts';
import type { OperatorContext } from '../operator.ts';

/** Clock and watermark of an operator without a key; timers are refused. */
export class UnkeyedTimerService implements TimerService {
  readonly #context: OperatorContext;
  readonly #operator: { readonly currentWatermark: number };

  constructor(context: OperatorContext, operator: { readonly currentWatermark: number }) {
    this.#context = context;
    this.#operator = operator;
  }

  currentProcessingTime(): number {
    return this.#context.processingTime.now();
  }

  currentWatermark(): number {
    return this.#operator.currentWatermark;
  }

  registerEventTimeTimer(): never {
    throw this.#refusal();
  }

  registerProcessingTimeTimer(): never {
    throw this.#refusal();
  }

  deleteEventTimeTimer(): never {
    throw this.#refusal();
  }

  deleteProcessingTimeTimer(): never {
    throw this.#refusal();
  }

  #refusal(): UserError {
    const { operatorName, location } = this.#context;
    return new UserError(
      'STATE_WITHOUT_KEY',
      `Operator '${operatorName}', made at ${location}, used a timer but its stream has no key: timers ` +
        'need a keyed stream, so call keyBy() before process().',
      { context: { operatorName, location } },
    );
  }
}
