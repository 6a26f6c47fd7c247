/**
 * What operators that run a user function share: the life of the function, the watermark, the state.
 *
 * I1 The function object is made once, by `open`. I2 Watermarks that do not advance are never forwarded.
 * I3 Timers that a watermark makes due fire before it is forwarded.
 */
import type { StateScope } from '../../core/connector.ts';
import type { RichFunction } from '../../core/functions/rich-function.ts';
import type { OperatorDelta, OperatorStateDelta } from '../../core/log/state-delta.ts';
import type { UserFunction } from '../../graph/operator-spec.ts';
import { EventTime } from '../event-time.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import { collectDelta } from '../operator-delta.ts';
import { OperatorRuntimeContext } from '../runtime-context.ts';
import type { KeyedServices } from './keyed-services.ts';

export abstract class FunctionOperator<F extends RichFunction> implements Operator {
  abstract readonly inputs: readonly [Input] | readonly [Input, Input];
  protected readonly context: OperatorContext;
  protected readonly output: Input;
  /** Set by `open`, which comes before the first record. */
  protected fn!: F;
  /** State and timers; undefined for operators without a key. */
  protected keyed: KeyedServices | undefined = undefined;
  protected readonly eventTime: EventTime;
  readonly #userFunction: UserFunction<F>;

  constructor(userFunction: UserFunction<F>, context: OperatorContext) {
    this.#userFunction = userFunction;
    this.context = context;
    this.output = context.output;
    this.eventTime = new EventTime(context);
  }

  get currentWatermark(): number {
    return this.eventTime.watermark;
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

  collectState(scope: StateScope): OperatorDelta {
    const { eventTime, keyed } = this;
    this.context.cursor.operator = this.context;
    const states = this.operatorStates(scope);
    return collectDelta(this.context, scope, {
      eventTime,
      backend: keyed?.backend,
      timers: keyed?.timers,
      states,
    });
  }

  applyState(delta: OperatorDelta): void {
    this.context.cursor.operator = this.context;
    this.eventTime.apply(delta);
    this.keyed?.applyState(delta);
  }

  /** State of the operator itself, collected. */
  protected operatorStates(_scope: StateScope): readonly OperatorStateDelta[] {
    return [];
  }

  /** Fires what is due, then forwards the watermark. */
  protected advanceWatermark(watermark: number): void {
    if (watermark <= this.eventTime.watermark) return;
    if (this.keyed === undefined) this.eventTime.advance(watermark);
    else this.keyed.timers.advanceWatermark(watermark);
    this.output.processWatermark(watermark);
  }
}
