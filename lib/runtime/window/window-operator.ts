/**
 * WindowOperator: any window assigner, trigger, evictor and contents.
 *
 * I1  A window is late once the watermark has reached its cleanup time: maxTimestamp + allowed lateness in
 *     event time, maxTimestamp in processing time, both clamped. Late windows take no records; GlobalWindow
 *     is never cleaned up.
 * I2  At the cleanup time everything of the window goes: contents, trigger state, merging-set entry, and what
 *     the window function clears.
 * I3  Contents live in the namespace of the state window; triggers and window functions see the actual
 *     window.
 * I4  Results carry the window's maxTimestamp; all of them are emitted before the watermark that fired them.
 *
 * Source: Flink's WindowOperator and EvictingWindowOperator.
 */
import type { StateScope } from '../../core/connector.ts';
import { UserError } from '../../core/errors.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import { type ListState, ListStateDescriptor } from '../../core/state.ts';
import { addClamped, MAX_WATERMARK, NO_TIMESTAMP } from '../../core/time.ts';
import type { Trigger, TriggerResult } from '../../core/window/trigger.ts';
import { GlobalWindow, type TimeWindow, type Window } from '../../core/window/window.ts';
import type { KeySelector, WindowSpec } from '../../graph/operator-spec.ts';
import { EventTime } from '../event-time.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import { collectDelta } from '../operator-delta.ts';
import { OperatorRuntimeContext } from '../runtime-context.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { createKeyedStateBackend } from '../state/keyed-state-backend-factory.ts';
import { HeapTimerService } from '../timers/heap-timer-service.ts';
import type { TimerTarget } from '../timers/internal-timer-service.ts';
import { createContents } from './contents-factory.ts';
import { LateRecords } from './late-records.ts';
import { type MergedWindowEntry, MergingWindowSet, type WindowMerge } from './merging-window-set.ts';
import { refuseStateOf } from './restored-windows.ts';
import type { ContentsFunctions, WindowContents } from './window-contents.ts';
import { WindowEvaluator } from './window-evaluator.ts';
import { WindowTriggerContext } from './window-trigger-context.ts';

const MERGING_SET = new ListStateDescriptor<MergedWindowEntry>('merging-window-set');

/** A merging assigner with the in-flight windows of the current key. */
interface Merging {
  readonly assigner: ConstructorParameters<typeof MergingWindowSet>[0];
  readonly state: ListState<MergedWindowEntry>;
}

export class WindowOperator implements Operator, Input, TimerTarget {
  readonly inputs: readonly [Input] = [this];
  readonly #spec: WindowSpec;
  readonly #context: OperatorContext;
  readonly #functions: ContentsFunctions;
  readonly #keySelector: KeySelector;
  readonly #isEventTime: boolean;
  readonly #trigger: Trigger<unknown, Window>;
  readonly #backend: KeyedStateBackend;
  readonly #eventTime: EventTime;
  readonly #timers: HeapTimerService;
  readonly #triggerContext: WindowTriggerContext;
  readonly #evaluator: WindowEvaluator;
  readonly #contents: WindowContents;
  readonly #late: LateRecords;
  readonly #merging: Merging | undefined;
  /** The record that is being processed. */
  #value: unknown = undefined;
  #timestamp = NO_TIMESTAMP;

  /** Throws UserError TRIGGER_INVALID or WINDOW_INVALID if windows merge but trigger or aggregate cannot. */
  constructor(spec: WindowSpec, context: OperatorContext, functions: ContentsFunctions) {
    const { journal, processingTime, trackChanges } = context;
    this.#spec = spec;
    this.#context = context;
    this.#functions = functions;
    this.#keySelector = spec.keySelector;
    this.#isEventTime = spec.assigner.isEventTime;
    this.#trigger = spec.trigger ?? spec.assigner.getDefaultTrigger();
    const backend = createKeyedStateBackend(context);
    const eventTime = new EventTime(context);
    this.#backend = backend;
    this.#eventTime = eventTime;
    const timing = { processingTime, eventTime, journal, trackChanges };
    this.#timers = new HeapTimerService({ target: this, backend, ...timing });
    context.keyedRows?.attachTimers?.(this.#timers);
    this.#triggerContext = new WindowTriggerContext(GlobalWindow.INSTANCE, backend, this.#timers);
    this.#evaluator = new WindowEvaluator(spec, context, () => this.#timers.currentWatermark());
    this.#evaluator.state.attach(this.#backend);
    this.#contents = createContents({ spec, functions, backend: this.#backend, evaluator: this.#evaluator });
    this.#late = new LateRecords(spec, context);
    this.#merging = this.#createMerging();
  }

  async open(): Promise<void> {
    this.#context.cursor.operator = this.#context;
    this.#timers.open();
    await this.#functions.reduce?.open?.(new OperatorRuntimeContext(this.#context));
    await this.#evaluator.open(this.#context);
  }

  processElement(value: unknown, timestamp: number): void {
    const context = this.#context;
    context.cursor.operator = context;
    const key = this.#keySelector(value);
    this.#backend.setCurrentKey(key);
    this.#value = value;
    this.#timestamp = timestamp;
    const { assigner } = this.#spec;
    const windows = assigner.assignWindows(value, timestamp, context.processingTime.now());
    const taken =
      this.#merging === undefined
        ? this.#addToWindows(windows)
        : this.#addToMergingWindows(windows, this.#merging);
    if (!taken && this.#isEventTime) this.#late.skip(value, timestamp, this.#timers.watermarkOfKey());
  }

  get reached(): number {
    return this.#timers.currentWatermark();
  }

  processWatermark(watermark: number): void {
    const { reached } = this;
    // A source that starts again behind the restored watermark must not turn time back.
    if (watermark < reached) return;
    this.#context.cursor.operator = this.#context;
    // Told again, it fires nothing: what was registered behind it waits for the next one.
    if (watermark > reached) this.#timers.advanceWatermark(watermark);
    this.#context.output.processWatermark(watermark);
  }

  processWatermarkStatus(idle: boolean): void {
    this.#context.output.processWatermarkStatus(idle);
  }

  onEventTime(time: number, window: Window | undefined): void {
    if (window !== undefined) this.#onTimer('onEventTime', time, window);
  }

  onProcessingTime(time: number, window: Window | undefined): void {
    if (window !== undefined) this.#onTimer('onProcessingTime', time, window);
  }

  async close(): Promise<void> {
    this.#timers.close();
    await this.#evaluator.close();
    await this.#functions.reduce?.close?.();
  }

  collectState(scope: StateScope): OperatorDelta {
    this.#context.cursor.operator = this.#context;
    return collectDelta(this.#context, scope, {
      eventTime: this.#eventTime,
      backend: this.#backend,
      timers: this.#timers,
      states: [],
    });
  }

  applyState(delta: OperatorDelta): void {
    this.#context.cursor.operator = this.#context;
    refuseStateOf('slices', delta, this.#context);
    this.#eventTime.apply(delta);
    this.#backend.applyState(delta.keyed);
    this.#timers.applyState(delta.timers);
  }

  /** True if at least one window took the record. */
  #addToWindows(windows: readonly Window[]): boolean {
    let taken = false;
    for (const window of windows) {
      if (this.#isLate(window)) continue;
      taken = true;
      this.#addToWindow(window, window);
    }
    return taken;
  }

  /** True if at least one window took the record. */
  #addToMergingWindows(windows: readonly Window[], { assigner, state }: Merging): boolean {
    const set = new MergingWindowSet(assigner, state.get());
    let taken = false;
    for (const window of windows) {
      const actual = set.addWindow(window, (merge) => this.#onMerge(merge));
      const stateWindow = set.getStateWindow(actual);
      if (this.#isLate(actual) || stateWindow === undefined) {
        set.retireWindow(actual);
        continue;
      }
      taken = true;
      this.#addToWindow(actual, stateWindow);
    }
    if (set.changed) state.update(set.entries());
    return taken;
  }

  #addToWindow(window: Window, stateWindow: Window): void {
    const value = this.#value;
    const timestamp = this.#timestamp;
    this.#backend.setCurrentNamespace(stateWindow);
    this.#contents.add(value, timestamp);
    this.#triggerContext.window = window;
    this.#apply(this.#trigger.onElement(value, timestamp, window, this.#triggerContext), window, stateWindow);
    const cleanupTime = this.#cleanupTime(window);
    if (cleanupTime === MAX_WATERMARK) return;
    if (this.#isEventTime) this.#timers.registerEventTimeTimer(window, cleanupTime);
    else this.#timers.registerProcessingTimeTimer(window, cleanupTime);
  }

  #onMerge({ result, sources, stateWindow, stateSources }: WindowMerge): void {
    this.#refuseMergeIntoPast(result);
    const context = this.#triggerContext;
    context.window = result;
    context.mergedWindows = sources;
    this.#trigger.onMerge?.(result, context);
    for (const source of sources) {
      context.window = source;
      this.#trigger.clear(source, context);
      this.#deleteCleanupTimer(source);
    }
    context.mergedWindows = [];
    this.#backend.mergeNamespaces(this.#contents.descriptor, stateWindow, stateSources);
  }

  #onTimer(method: 'onEventTime' | 'onProcessingTime', time: number, window: Window): void {
    this.#context.cursor.operator = this.#context;
    const set = this.#merging && new MergingWindowSet(this.#merging.assigner, this.#merging.state.get());
    const stateWindow = set === undefined ? window : set.getStateWindow(window);
    // A trigger may leave timers of a window that has been merged away: its state went with it.
    if (stateWindow === undefined) return;
    this.#triggerContext.window = window;
    this.#apply(this.#trigger[method](time, window, this.#triggerContext), window, stateWindow);
    if (this.#isEventTime !== (method === 'onEventTime') || time !== this.#cleanupTime(window)) return;
    this.#backend.setCurrentNamespace(stateWindow);
    this.#contents.clear();
    this.#triggerContext.window = window;
    this.#trigger.clear(window, this.#triggerContext);
    this.#evaluator.clear(this.#backend.currentKey, window);
    if (set === undefined) return;
    set.retireWindow(window);
    this.#merging?.state.update(set.entries());
  }

  #apply(result: TriggerResult, window: Window, stateWindow: Window): void {
    if (result === 'CONTINUE') return;
    if (result !== 'PURGE') {
      this.#backend.setCurrentNamespace(stateWindow);
      this.#contents.emit(this.#backend.currentKey, window, stateWindow);
    }
    if (result === 'FIRE') return;
    this.#backend.setCurrentNamespace(stateWindow);
    this.#contents.clear();
  }

  #cleanupTime(window: Window): number {
    return this.#isEventTime
      ? addClamped(window.maxTimestamp, this.#spec.allowedLatenessMs)
      : window.maxTimestamp;
  }

  #deleteCleanupTimer(window: Window): void {
    const cleanupTime = this.#cleanupTime(window);
    if (cleanupTime === MAX_WATERMARK) return;
    if (this.#isEventTime) this.#timers.deleteEventTimeTimer(window, cleanupTime);
    else this.#timers.deleteProcessingTimeTimer(window, cleanupTime);
  }

  #isLate(window: Window): boolean {
    return this.#isEventTime && this.#cleanupTime(window) <= this.#timers.watermarkOfKey();
  }

  #refuseMergeIntoPast(result: TimeWindow): void {
    const now = this.#isEventTime ? this.#timers.watermarkOfKey() : this.#timers.currentProcessingTime();
    if (this.#cleanupTime(result) > now) return;
    throw new UserError(
      'WINDOW_INVALID',
      `${this.#spec.assigner.description} merged windows into [${result.start}, ${result.end}), which ` +
        `ended before the ${this.#isEventTime ? 'watermark' : 'processing time'} ${now}; ` +
        'merge windows into one that covers them all.',
    );
  }

  #createMerging(): Merging | undefined {
    const { assigner } = this.#spec;
    if (assigner.mergeWindows === undefined) return undefined;
    if (this.#trigger.canMerge?.() !== true) {
      throw new UserError(
        'TRIGGER_INVALID',
        `${this.#trigger.description} cannot be used with ${assigner.description}, whose windows merge; ` +
          'use a trigger whose canMerge() is true.',
      );
    }
    const mergeWindows = assigner.mergeWindows.bind(assigner);
    return { assigner: { mergeWindows }, state: this.#backend.store.getListState(MERGING_SET) };
  }
}
