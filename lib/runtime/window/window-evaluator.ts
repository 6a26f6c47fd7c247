/** Turns the contents of a window into results: by the window function, or as they are. */
import { UserError } from '../../core/errors.ts';
import type { Collector } from '../../core/functions/rich-function.ts';
import type {
  AggregatedWindowContext,
  AggregatedWindowFunction,
  ProcessWindowFunction,
} from '../../core/functions/window-function.ts';
import type { OutputTag } from '../../core/output-tag.ts';
import type { KeyedStateStore } from '../../core/state.ts';
import type { EvictorContext } from '../../core/window/evictor.ts';
import { GlobalWindow, type Window } from '../../core/window/window.ts';
import type { WindowSpec } from '../../graph/operator-spec.ts';
import type { Input, OperatorContext } from '../operator.ts';
import { OperatorRuntimeContext } from '../runtime-context.ts';
import { WindowFunctionState } from './window-function-state.ts';

type AnyWindowFunction =
  | AggregatedWindowFunction<unknown, unknown, unknown, Window>
  | ProcessWindowFunction<unknown, unknown, unknown, Window>;

export class WindowEvaluator implements EvictorContext {
  readonly state: WindowFunctionState;
  readonly #function: AnyWindowFunction | undefined;
  readonly #firing: FiringContext;
  readonly #allWindows: boolean;

  constructor(spec: WindowSpec, context: OperatorContext, currentWatermark: () => number) {
    this.state = new WindowFunctionState(context, { merging: spec.assigner.mergeWindows !== undefined });
    this.#function = spec.contents.window?.create();
    this.#firing = new FiringContext(context, this.state, currentWatermark);
    this.#allWindows = spec.allWindows;
  }

  /** True if windows must be told when they are removed. */
  get clears(): boolean {
    return this.#function?.clear !== undefined;
  }

  async open(context: OperatorContext): Promise<void> {
    if (this.#function?.open === undefined) return;
    await this.#function.open(new OperatorRuntimeContext(context, this.state.globalState));
  }

  async close(): Promise<void> {
    await this.#function?.close?.();
  }

  currentProcessingTime(): number {
    return this.#firing.currentProcessingTime();
  }

  currentWatermark(): number {
    return this.#firing.currentWatermark();
  }

  /** Emits what was made of a window; nothing if that is undefined. */
  emitValue(key: unknown, window: Window, value: unknown): void {
    if (value === undefined) return;
    if (this.#function === undefined) {
      this.#firing.emit(value, window.maxTimestamp);
      return;
    }
    this.#moveTo(key, window);
    this.#firing.value = value;
    this.#function.process(this.#firing);
  }

  /** Evaluates a window from all its elements. */
  emitElements(key: unknown, window: Window, elements: readonly unknown[]): void {
    this.#moveTo(key, window);
    this.#firing.givenElements = elements;
    this.#function?.process(this.#firing);
  }

  /** Tells the window function that a window is removed. */
  clear(key: unknown, window: Window): void {
    const { clear } = this.#function ?? {};
    if (clear === undefined) return;
    this.#moveTo(key, window);
    clear.call(this.#function, this.#firing);
  }

  #moveTo(key: unknown, window: Window): void {
    this.state.enter(key, window);
    this.#firing.key = this.#allWindows ? undefined : key;
    this.#firing.window = window;
  }
}

/** The context of the window function; one object per operator, moved from window to window. */
class FiringContext implements AggregatedWindowContext<unknown, unknown, unknown, Window> {
  key: unknown = undefined;
  window: Window = GlobalWindow.INSTANCE;
  value: unknown = undefined;
  /** Undefined for a pre-aggregated window: the one value is its only element. */
  givenElements: readonly unknown[] | undefined = undefined;
  readonly out: Collector<unknown>;
  readonly #context: OperatorContext;
  readonly #output: Input;
  readonly #state: WindowFunctionState;
  readonly #currentWatermark: () => number;

  constructor(context: OperatorContext, state: WindowFunctionState, currentWatermark: () => number) {
    this.#context = context;
    this.#output = context.output;
    this.#state = state;
    this.#currentWatermark = currentWatermark;
    this.out = { collect: (value) => this.emit(value, this.window.maxTimestamp) };
  }

  get elements(): readonly unknown[] {
    return this.givenElements ?? [this.value];
  }

  get windowState(): KeyedStateStore {
    return this.#state.windowState;
  }

  get globalState(): KeyedStateStore {
    return this.#state.globalState;
  }

  currentProcessingTime(): number {
    return this.#context.processingTime.now();
  }

  currentWatermark(): number {
    return this.#currentWatermark();
  }

  output<X>(tag: OutputTag<X>, value: X): void {
    const id: unknown = tag?.id;
    if (typeof id !== 'string') {
      throw new UserError(
        'OUTPUT_TAG_INVALID',
        `The window function of operator '${this.#context.operatorName}' gave output() something that is ` +
          'not an OutputTag; give the tag object.',
      );
    }
    this.#context.sideOutput(id)?.processElement(value, this.window.maxTimestamp);
    this.#context.cursor.operator = this.#context;
  }

  emit(value: unknown, timestamp: number): void {
    this.#output.processElement(value, timestamp);
    this.#context.cursor.operator = this.#context;
  }
}
