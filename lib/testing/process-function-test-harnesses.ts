import type {
  CoProcessArgument,
  KeyedCoProcessArgument,
  KeyedProcessArgument,
  ProcessArgument,
} from '../api/function-arguments.ts';
import { keySelectorOf } from '../api/key-selector.ts';
import {
  coProcessFunction,
  type FunctionPlace,
  keyedCoProcessFunction,
  keyedProcessFunction,
  processFunction,
} from '../api/user-function.ts';
import {
  KeyedOneInputStreamOperatorTestHarness,
  OneInputStreamOperatorTestHarness,
} from './one-input-harness.ts';
import type { HarnessOptions } from './stream-operator-test-harness.ts';
import {
  KeyedTwoInputStreamOperatorTestHarness,
  TwoInputStreamOperatorTestHarness,
} from './two-input-harness.ts';

/**
 * Harnesses for process functions. A function is given as in a job: an object, a plain function, or a
 * factory. Open the harness before use.
 *
 * Throws UserError FUNCTION_INVALID for what is no such function.
 * Source Flink's ProcessFunctionTestHarnesses.
 * @example
 * const harness = ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(
 *   {
 *     processElement: (word, context) => context.timerService.registerProcessingTimeTimer(5),
 *     onTimer: (timestamp, context, out) => out.collect(`${context.currentKey}!`),
 *   },
 *   (word) => word,
 * );
 * await harness.open();
 * harness.processElement('a');
 * harness.setProcessingTime(5);
 * // harness.records() is ['a!']
 */
export const ProcessFunctionTestHarnesses = {
  /** A harness for a function on a stream without key. */
  forProcessFunction<IN, OUT>(
    fn: ProcessArgument<IN, OUT>,
    options: HarnessOptions = {},
  ): OneInputStreamOperatorTestHarness<IN, OUT> {
    const spec = { kind: 'process' as const, fn: processFunction(fn, placeOf('process')) };
    return new OneInputStreamOperatorTestHarness<IN, OUT>(spec, options);
  },

  /** A harness for a function on a keyed stream. */
  forKeyedProcessFunction<K, IN, OUT>(
    fn: KeyedProcessArgument<K, IN, OUT>,
    keySelector: (value: IN) => K,
    options: HarnessOptions = {},
  ): KeyedOneInputStreamOperatorTestHarness<IN, OUT> {
    const spec = {
      kind: 'keyedProcess' as const,
      keySelector: keySelectorOf(keySelector, 'forKeyedProcessFunction'),
      fn: keyedProcessFunction(fn, placeOf('keyedProcess')),
    };
    return new KeyedOneInputStreamOperatorTestHarness<IN, OUT>(spec, options);
  },

  /** A harness for a function on two connected streams without key. */
  forCoProcessFunction<IN1, IN2, OUT>(
    fn: CoProcessArgument<IN1, IN2, OUT>,
    options: HarnessOptions = {},
  ): TwoInputStreamOperatorTestHarness<IN1, IN2, OUT> {
    const spec = { kind: 'coProcess' as const, fn: coProcessFunction(fn, placeOf('coProcess')) };
    return new TwoInputStreamOperatorTestHarness<IN1, IN2, OUT>(spec, options);
  },

  /** A harness for a function on two connected keyed streams, which share state and timers by key. */
  forKeyedCoProcessFunction<K, IN1, IN2, OUT>(
    fn: KeyedCoProcessArgument<K, IN1, IN2, OUT>,
    keySelector1: (value: IN1) => K,
    keySelector2: (value: IN2) => K,
  ): KeyedTwoInputStreamOperatorTestHarness<IN1, IN2, OUT> {
    return new KeyedTwoInputStreamOperatorTestHarness<IN1, IN2, OUT>({
      kind: 'keyedCoProcess',
      keySelectors: [
        keySelectorOf(keySelector1, 'forKeyedCoProcessFunction'),
        keySelectorOf(keySelector2, 'forKeyedCoProcessFunction'),
      ],
      fn: keyedCoProcessFunction(fn, placeOf('keyedCoProcess')),
    });
  },
};

function placeOf(operatorName: string): FunctionPlace {
  return { operatorName, location: 'a test harness' };
}
