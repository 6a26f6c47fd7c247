/**
 * Public entry `millrace/testing`: operator harnesses for unit tests of user functions, and the simulator of
 * the commit protocol.
 */
export type { BackPressure } from '../runtime/operators/pausable-clock.ts';
export type { HarnessOutput, HarnessRecord, HarnessWatermarkStatus } from './harness-output.ts';
export { ManualProcessingTime } from './manual-processing-time.ts';
export {
  type KeyedOneInputSpec,
  KeyedOneInputStreamOperatorTestHarness,
  type OneInputSpec,
  OneInputStreamOperatorTestHarness,
} from './one-input-harness.ts';
export { ProcessFunctionTestHarnesses } from './process-function-test-harnesses.ts';
export { type RescaleTarget, rescale } from './rescale.ts';
export { drawJob } from './simulator/generated-jobs.ts';
export { type Mutation, NO_MUTATION } from './simulator/mutation.ts';
export { type SimulationOptions, type SimulationResult, simulate } from './simulator/simulation.ts';
export {
  type HarnessOptions,
  type HarnessSnapshot,
  StreamOperatorTestHarness,
} from './stream-operator-test-harness.ts';
export {
  type KeyedTwoInputSpec,
  KeyedTwoInputStreamOperatorTestHarness,
  type TwoInputSpec,
  TwoInputStreamOperatorTestHarness,
} from './two-input-harness.ts';
export {
  type AggregateWindowSettings,
  type ProcessWindowSettings,
  type ReduceWindowSettings,
  type WindowSettings,
  WindowTestHarnesses,
} from './window-test-harnesses.ts';
