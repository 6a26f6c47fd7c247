import type { StateScope } from '../../core/connector.ts';
import type { RichFunction } from '../../core/functions/rich-function.ts';
import type { OperatorDelta, OperatorStateChange, OperatorStateDelta } from '../../core/log/state-delta.ts';
import type { UserFunction } from '../../graph/operator-spec.ts';
import { CombinedWatermark, type InputWatermark } from '../../protocol/combined-watermark.ts';
import type { Input, OperatorContext } from '../operator.ts';
import { FunctionOperator } from './function-operator.ts';

/** Name of the state that keeps what each input has heard. */
const INPUTS = 'inputs';
const UNHEARD = CombinedWatermark.ofInputs(2).inputs;

/** Operator with two inputs; its watermark is the least of theirs. */
export abstract class TwoInputOperator<F extends RichFunction> extends FunctionOperator<F> {
  readonly inputs: readonly [Input, Input];
  #combined = CombinedWatermark.ofInputs(2);
  #collected: readonly InputWatermark[] = this.#combined.inputs;

  constructor(userFunction: UserFunction<F>, context: OperatorContext) {
    super(userFunction, context);
    this.inputs = [
      this.#input(0, (value, timestamp) => this.processElement1(value, timestamp)),
      this.#input(1, (value, timestamp) => this.processElement2(value, timestamp)),
    ];
  }

  #input(index: 0 | 1, processElement: Input['processElement']): Input {
    const reached = () => this.#combined.inputs[index]?.watermark;
    return {
      processElement,
      processWatermark: (watermark) => this.#processWatermark(index, watermark),
      processWatermarkStatus: (idle) => this.#processStatus(index, idle),
      get reached() {
        return reached();
      },
    };
  }

  protected abstract processElement1(value: unknown, timestamp: number): void;
  protected abstract processElement2(value: unknown, timestamp: number): void;

  protected override operatorStates(scope: StateScope): readonly OperatorStateDelta[] {
    const { inputs } = this.#combined;
    const collected = scope === 'all' ? UNHEARD : this.#collected;
    const changes: OperatorStateChange[] = [];
    for (const [i, input] of inputs.entries()) {
      if (!isSame(input, collected[i])) changes.push({ op: 'put', part: String(i), value: input });
    }
    if (scope === 'changes') this.#collected = inputs;
    return changes.length === 0 ? [] : [{ name: INPUTS, redistribution: 'subtask', changes }];
  }

  override applyState(delta: OperatorDelta): void {
    super.applyState(delta);
    const { watermark } = this.eventTime;
    const changes = delta.states.find(({ name }) => name === INPUTS)?.changes;
    let inputs = [...this.#combined.inputs];
    // State that comes from other subtasks says nothing of inputs: each had got at least as far.
    if (changes === undefined) {
      inputs = inputs.map((input) => ({ ...input, watermark: Math.max(input.watermark, watermark) }));
    }
    for (const change of changes ?? []) {
      // What `operatorStates` of this class put.
      if (change.op === 'put') inputs[Number(change.part)] = change.value as InputWatermark;
    }
    this.#combined = new CombinedWatermark(inputs, watermark);
    this.#collected = inputs;
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

function isSame(a: InputWatermark, b: InputWatermark | undefined): boolean {
  return a.watermark === b?.watermark && a.idle === b.idle;
}
