import type { RichFunction } from '../../core/functions/rich-function.ts';
import type { Input } from '../operator.ts';
import { FunctionOperator } from './function-operator.ts';

/** Operator with one input that runs a user function on each record. */
export abstract class OneInputOperator<F extends RichFunction> extends FunctionOperator<F> implements Input {
  readonly inputs: readonly [Input] = [this];

  get reached(): number {
    return this.eventTime.watermark;
  }

  abstract processElement(value: unknown, timestamp: number): void;

  processWatermark(watermark: number): void {
    this.advanceWatermark(watermark);
  }

  processWatermarkStatus(idle: boolean): void {
    this.output.processWatermarkStatus(idle);
  }
}
