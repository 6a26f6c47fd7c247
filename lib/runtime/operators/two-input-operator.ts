import type { RichFunction } from '../../core/functions/rich-function.ts';
import type { UserFunction } from '../../graph/operator-spec.ts';
import { CombinedWatermark, type InputWatermark } from '../../protocol/combined-watermark.ts';
import type { Input, OperatorContext } from '../operator.ts';
import { FunctionOperator } from './function-operator.ts';

/** Operator with two inputs; its watermark is the least of theirs. */
export abstract class TwoInputOperator<F extends RichFunction> extends FunctionOperator<F> {
  readonly inputs: readonly [Input, Input];
  #combined: CombinedWatermark;

  constructor(userFunction: UserFunction<F>, context: OperatorContext) {
    super(userFunction, context);
    this.#combined = restoredWatermark(context);
    this.inputs = [
      {
        processElement: (value, timestamp) => this.processElement1(value, timestamp),
        processWatermark: (watermark) => this.#processWatermark(0, watermark),
        processWatermarkStatus: (idle) => this.#processStatus(0, idle),
      },
      {
        processElement: (value, timestamp) => this.processElement2(value, timestamp),
        processWatermark: (watermark) => this.#processWatermark(1, watermark),
        processWatermarkStatus: (idle) => this.#processStatus(1, idle),
      },
    ];
  }

  protected abstract processElement1(value: unknown, timestamp: number): void;
  protected abstract processElement2(value: unknown, timestamp: number): void;

  protected override operatorState(): Readonly<Record<string, unknown>> {
    return { inputs: this.#combined.inputs };
  }

  #processWatermark(index: 0 | 1, watermark: number): void {
    this.#rememberCombined();
    const combined = this.#combined;
    const wasIdle = combined.idle;
    const advanced = combined.updateWatermark(index, watermark);
    if (wasIdle) this.output.processWatermarkStatus(false);
    if (advanced) this.advanceWatermark(combined.watermark);
  }

  #processStatus(index: 0 | 1, idle: boolean): void {
    this.#rememberCombined();
    const combined = this.#combined;
    const wasIdle = combined.idle;
    const advanced = combined.updateStatus(index, idle);
    // Those behind do not heed watermarks of an idle input: it becomes active before one and idle after.
    if (wasIdle && !combined.idle) this.output.processWatermarkStatus(false);
    if (advanced) this.advanceWatermark(combined.watermark);
    if (!wasIdle && combined.idle) this.output.processWatermarkStatus(true);
  }

  #rememberCombined(): void {
    const { journal } = this.context;
    if (journal === undefined) return;
    const before = new CombinedWatermark(this.#combined.inputs, this.#combined.watermark);
    journal.record(() => {
      this.#combined = before;
    });
  }
}

function restoredWatermark({ restored }: OperatorContext): CombinedWatermark {
  if (restored === undefined) return CombinedWatermark.ofInputs(2);
  const { watermark, operatorState } = restored;
  const heard = { watermark, idle: false };
  // What `operatorState` of this class wrote.
  const inputs = operatorState.inputs as readonly InputWatermark[] | undefined;
  return new CombinedWatermark(inputs ?? [heard, heard], watermark);
}
