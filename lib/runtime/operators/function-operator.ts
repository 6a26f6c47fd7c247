/**
 * What operators that run a user function share: the life of the function, the watermark, the snapshot.
 *
 * I1 The function object is made once, by `open`. I2 Watermarks that do not advance are never forwarded.
 * I3 Timers that a watermark makes due fire before it is forwarded.
 */
import type { RichFunction } from '../../core/functions/rich-function.ts';
import { MIN_TIMESTAMP } from '../../core/time.ts';
import type { UserFunction } from '../../graph/operator-spec.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import { OperatorRuntimeContext } from '../runtime-context.ts';
import type { OperatorSnapshot } from '../snapshot.ts';
import type { KeyedServices } from './keyed-services.ts';

export abstract class FunctionOperator<F extends RichFunction> implements Operator {
  abstract readonly inputs: readonly [Input] | readonly [Input, Input];
  protected readonly context: OperatorContext;
  protected readonly output: Input;
  /** Set by `open`, which comes before the first record. */
  protected fn!: F;
  /** State and timers; undefined for operators without a key. */
  protected keyed: KeyedServices | undefined = undefined;
  readonly #userFunction: UserFunction<F>;
  #watermark: number;

  constructor(userFunction: UserFunction<F>, context: OperatorContext) {
    this.#userFunction = userFunction;
    this.context = context;
    this.output = context.output;
    this.#watermark = context.restored?.watermark ?? MIN_TIMESTAMP;
  }

  get currentWatermark(): number {
    return this.#watermark;
  }

  open(): void | Promise<void> {
    this.keyed?.open();
    this.context.cursor.operator = this.context;
    this.fn = this.#userFunction.create();
    return this.fn.open?.(new OperatorRuntimeContext(this.context, this.keyed?.backend.store));
  }

  close(): void | Promise<void> {
    this.keyed?.close();
    this.context.cursor.operator = this.context;
    // A function that could not be made has nothing to close.
    return this.fn?.close?.();
  }

  snapshot(): OperatorSnapshot {
    const keyed = this.keyed?.snapshot() ?? { keyed: [], eventTimers: [], processingTimers: [] };
    const { operatorUid } = this.context;
    return { uid: operatorUid, ...keyed, watermark: this.#watermark, operatorState: this.operatorState() };
  }

  protected operatorState(): Readonly<Record<string, unknown>> {
    return {};
  }

  /** Fires what is due, then forwards the watermark. */
  protected advanceWatermark(watermark: number): void {
    const before = this.#watermark;
    if (watermark <= before) return;
    this.#watermark = watermark;
    this.context.journal?.record(() => {
      this.#watermark = before;
    });
    this.keyed?.timers.advanceWatermark(watermark);
    this.output.processWatermark(watermark);
  }
}
