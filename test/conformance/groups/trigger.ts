/** Trigger: a trigger by itself, with real state and timers of one key. */
import { MIN_TIMESTAMP } from '../../../lib/core/time.ts';
import type { TriggerResult } from '../../../lib/core/window/trigger.ts';
import type { Window } from '../../../lib/core/window/window.ts';
import { EventTime } from '../../../lib/runtime/event-time.ts';
import { HeapKeyedStateBackend } from '../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { HeapTimerService } from '../../../lib/runtime/timers/heap-timer-service.ts';
import { WindowTriggerContext } from '../../../lib/runtime/window/window-trigger-context.ts';
import { ManualProcessingTime } from '../../../lib/testing/manual-processing-time.ts';
import { requireEqual } from '../comparison.ts';
import { asList, booleanField, type Fields, integerField, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { decodeTime } from '../numbers.ts';
import { CannotExpress, Difference } from '../verdict.ts';
import { type AnyTrigger, createTrigger } from '../window-vocabulary.ts';
import { timeWindowOf } from './time-window-notation.ts';

export function runTrigger(golden: GoldenCase): void {
  const { clockStart, ...config } = golden.config;
  const subject = new TriggerSubject(
    createTrigger(config, []),
    clockStart === undefined ? 0 : decodeTime(clockStart),
  );
  for (const [index, step] of golden.steps.entries()) subject.apply(step, index);
  for (const item of golden.expected) requireKnownFields(item, ['trigger', 'timers'], 'expected result');
  try {
    requireEqual(golden.order, golden.expected, subject.results);
  } catch (error) {
    // Cases about elements leave out what the watermark itself fires.
    if (subject.results.length === subject.resultsWithoutWatermarks.length) throw error;
    requireEqual(golden.order, golden.expected, subject.resultsWithoutWatermarks);
  }
}

class TriggerSubject {
  readonly results: Fields[] = [];
  readonly resultsWithoutWatermarks: Fields[] = [];
  readonly #trigger: AnyTrigger;
  readonly #clockStart: number;
  readonly #clock: ManualProcessingTime;
  readonly #backend = new HeapKeyedStateBackend({
    operatorLabel: 'trigger',
    journal: undefined,
    freeze: true,
    trackChanges: false,
  });
  readonly #timers: HeapTimerService;
  #byWatermark = false;

  constructor(trigger: AnyTrigger, clockStart: number) {
    this.#trigger = trigger;
    this.#clockStart = clockStart;
    this.#clock = new ManualProcessingTime(clockStart);
    this.#timers = new HeapTimerService({
      target: {
        onEventTime: (time, window) => this.#onTimer(window, (at, on) => trigger.onEventTime(time, at, on)),
        onProcessingTime: (time, window) =>
          this.#onTimer(window, (at, on) => trigger.onProcessingTime(time, at, on)),
      },
      backend: this.#backend,
      processingTime: this.#clock,
      eventTime: new EventTime({ journal: undefined, maxParallelism: 128 }),
      journal: undefined,
      trackChanges: false,
    });
    this.#backend.setCurrentKey('key');
  }

  apply(step: Fields, index: number): void {
    if (step.onElement !== undefined) this.#onElement(step);
    else if (step.onMerge !== undefined) this.#onMerge(step);
    else if (step.watermark !== undefined) this.#onWatermark(step);
    else this.#advanceClock(step, index);
  }

  #onElement(step: Fields): void {
    requireKnownFields(step, ['onElement', 'window', 'timestamp'], 'step');
    const window = timeWindowOf(step.window);
    // Flink's records without timestamp show Long.MIN_VALUE to a trigger.
    const timestamp = step.timestamp === undefined ? MIN_TIMESTAMP : decodeTime(step.timestamp);
    const result = this.#trigger.onElement(step.onElement, timestamp, window, this.#contextOf(window));
    this.#add({ trigger: result });
  }

  #onMerge(step: Fields): void {
    requireKnownFields(step, ['onMerge', 'from'], 'step');
    const window = timeWindowOf(step.onMerge);
    const merged = asList(step.from, 'from').map(timeWindowOf);
    const context = this.#contextOf(window);
    context.mergedWindows = merged;
    if (this.#trigger.onMerge === undefined)
      throw new CannotExpress('onMerge of a trigger that cannot merge');
    this.#trigger.onMerge(window, context);
    for (const source of merged) this.#trigger.clear(source, this.#contextOf(source));
    this.#add({ timers: this.#timers.numEventTimeTimers() + this.#timers.numProcessingTimeTimers() });
  }

  #onWatermark(step: Fields): void {
    requireKnownFields(step, ['watermark'], 'step');
    this.#byWatermark = true;
    this.#timers.advanceWatermark(decodeTime(step.watermark));
    this.#byWatermark = false;
  }

  /** Times of these steps count from the start of the clock. */
  #advanceClock(step: Fields, index: number): void {
    requireKnownFields(step, ['advanceProcessingTime', 'expectNoTimer', 'absoluteFromStart'], 'step');
    const before = this.results.length;
    this.#clock.advanceTo(this.#clockStart + integerField(step, 'advanceProcessingTime', 'step'));
    if (booleanField(step, 'expectNoTimer', 'step') && this.results.length > before) {
      throw new Difference(`step ${index}: expected no timer, actual ${JSON.stringify(this.results.at(-1))}`);
    }
  }

  #onTimer(
    window: Window | undefined,
    run: (window: Window, context: WindowTriggerContext) => TriggerResult,
  ): void {
    if (window === undefined) throw new Difference('a timer without a window fired');
    this.#add({ trigger: run(window, this.#contextOf(window)) });
  }

  #add(result: Fields): void {
    this.results.push(result);
    if (!this.#byWatermark) this.resultsWithoutWatermarks.push(result);
  }

  #contextOf(window: Window): WindowTriggerContext {
    return new WindowTriggerContext(window, this.#backend, this.#timers);
  }
}
