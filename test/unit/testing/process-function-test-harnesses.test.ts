import { describe, expect, it } from 'vitest';
import type {
  KeyedProcessContext,
  KeyedProcessFunction,
  OnTimerContext,
} from '../../../lib/core/functions/process-function.ts';
import type { Collector, RuntimeContext } from '../../../lib/core/functions/rich-function.ts';
import { OutputTag } from '../../../lib/core/output-tag.ts';
import { type ValueState, ValueStateDescriptor } from '../../../lib/core/state.ts';
import { ProcessFunctionTestHarnesses } from '../../../lib/testing/process-function-test-harnesses.ts';

/** Emits the running count of its key and, 10 ms after the last record in event time, `done`. */
class Counter implements KeyedProcessFunction<string, string, string> {
  #count: ValueState<number> | undefined;
  closed = false;

  open(context: RuntimeContext): void {
    this.#count = context.getState(new ValueStateDescriptor<number>('count'));
    context.counter('opened').inc();
  }

  processElement(word: string, context: KeyedProcessContext<string>, out: Collector<string>): void {
    const count = (this.#count?.value() ?? 0) + 1;
    this.#count?.update(count);
    context.timerService.registerEventTimeTimer((context.timestamp ?? 0) + 10);
    out.collect(`${word} ${count}`);
  }

  onTimer(timestamp: number, context: OnTimerContext<string>, out: Collector<string>): void {
    out.collect(`${context.currentKey} done at ${timestamp}`);
  }

  close(): void {
    this.closed = true;
  }
}

function newHarness(fn = new Counter()) {
  return ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(fn, (word) => word);
}

describe('a keyed process harness', () => {
  it('shows_records_and_watermarks_in_the_order_of_emission', async () => {
    const harness = newHarness();
    await harness.open();
    harness.processElement('a', 1);
    harness.processWatermark(11);
    expect(harness.output).toEqual([
      { value: 'a 1', timestamp: 1 },
      { value: 'a done at 11', timestamp: 11 },
      { watermark: 11 },
    ]);
    expect(harness.records()).toEqual(['a 1', 'a done at 11']);
  });

  it('counts_state_entries_timers_and_metrics', async () => {
    const harness = newHarness();
    await harness.open();
    harness.processElement('a', 1);
    harness.processElement('b', 2);
    expect(harness.numKeyedStateEntries()).toBe(2);
    expect(harness.numEventTimeTimers()).toBe(2);
    expect(harness.numProcessingTimeTimers()).toBe(0);
    expect(harness.counter('opened')).toBe(1);
    expect(harness.counter('unknown')).toBe(0);
  });

  it('goes_on_from_a_snapshot_in_a_new_harness', async () => {
    const before = newHarness();
    await before.open();
    before.processElement('a', 1);
    const snapshot = before.snapshot();
    before.processElement('a', 2);
    const after = newHarness();
    after.restore(snapshot);
    await after.open();
    after.processElement('a', 3);
    after.processWatermark(11);
    expect(after.records()).toEqual(['a 2', 'a done at 11']);
  });

  it('forgets_its_output_when_asked_to', async () => {
    const harness = newHarness();
    await harness.open();
    harness.processElement('a', 1);
    harness.clearOutput();
    expect(harness.output).toEqual([]);
  });

  it('closes_the_function', async () => {
    const fn = new Counter();
    const harness = newHarness(fn);
    await harness.open();
    await harness.close();
    expect(fn.closed).toBe(true);
  });

  it('passes_watermark_statuses', async () => {
    const harness = newHarness();
    await harness.open();
    harness.processWatermarkStatus('IDLE');
    harness.processWatermarkStatus('ACTIVE');
    expect(harness.output).toEqual([{ watermarkStatus: 'IDLE' }, { watermarkStatus: 'ACTIVE' }]);
  });

  it('refuses_use_before_open_and_a_late_restore', async () => {
    const harness = newHarness();
    expect(() => harness.processElement('a')).toThrow(/open/);
    await harness.open();
    expect(() => harness.restore(harness.snapshot())).toThrow(/before open/);
    await expect(harness.open()).rejects.toThrow(/twice/);
    expect(() => harness.setBackPressured(true)).toThrow(/back-pressure/);
  });

  it('fails_when_state_is_changed_without_update', async () => {
    const descriptor = new ValueStateDescriptor<string[]>('words');
    const harness = ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(
      (word, context) => {
        const state = context.getState(descriptor);
        const words = state.value();
        if (words === undefined) state.update([word]);
        else words.push(word);
      },
      (word) => word,
    );
    await harness.open();
    harness.processElement('a');
    expect(() => harness.processElement('a')).toThrow();
  });
});

describe('process harnesses without key', () => {
  it('take_a_plain_function_and_side_outputs', async () => {
    const odd = new OutputTag<number>('odd');
    const harness = ProcessFunctionTestHarnesses.forProcessFunction<number, number>((value, context, out) => {
      if (value % 2 === 1) context.output(odd, value);
      else out.collect(value);
    });
    await harness.open();
    harness.processElement(1, 5);
    harness.processElement(2);
    expect(harness.output).toEqual([{ value: 2, timestamp: undefined }]);
    expect(harness.sideOutput(odd)).toEqual([{ value: 1, timestamp: 5 }]);
    expect(harness.sideOutput(new OutputTag('other'))).toEqual([]);
  });

  it('run_two_inputs_with_the_least_of_their_watermarks', async () => {
    const harness = ProcessFunctionTestHarnesses.forCoProcessFunction<number, string, string>({
      processElement1: (value, _context, out) => out.collect(`number ${value}`),
      processElement2: (value, _context, out) => out.collect(`text ${value}`),
    });
    await harness.open();
    harness.processElement1(1);
    harness.processElement2('a');
    harness.processWatermark1(10);
    harness.processWatermark2(5);
    harness.processBothWatermarks(20);
    await harness.endInput();
    expect(harness.records()).toEqual(['number 1', 'text a']);
    expect(harness.output.slice(2)).toEqual([{ watermark: 5 }, { watermark: 20 }]);
  });
});

describe('a keyed co-process harness', () => {
  it('shares_state_and_timers_of_a_key_between_its_inputs', async () => {
    const rules = new ValueStateDescriptor<number>('rule');
    const harness = ProcessFunctionTestHarnesses.forKeyedCoProcessFunction<
      string,
      readonly [string, number],
      readonly [string, number],
      string
    >(
      {
        processElement1: ([key, amount], context, out) => {
          if (amount > (context.getState(rules).value() ?? 0)) out.collect(`${key} exceeds`);
        },
        processElement2: ([, limit], context) => {
          context.getState(rules).update(limit);
          context.timerService.registerProcessingTimeTimer(100);
        },
        onTimer: (_timestamp, context) => context.getState(rules).clear(),
      },
      ([key]) => key,
      ([key]) => key,
    );
    await harness.open();
    harness.processElement2(['a', 10]);
    harness.processElement1(['a', 5]);
    expect(harness.records()).toEqual([]);
    expect(harness.numProcessingTimeTimers()).toBe(1);
    expect(harness.numKeyedStateEntries()).toBe(1);
    harness.advanceProcessingTime(100);
    harness.processElement1(['a', 5]);
    expect(harness.records()).toEqual(['a exceeds']);
    expect(harness.numEventTimeTimers()).toBe(0);
    harness.processWatermarkStatus1('IDLE');
    harness.processWatermarkStatus2('IDLE');
    expect(harness.output.at(-1)).toEqual({ watermarkStatus: 'IDLE' });
  });
});
