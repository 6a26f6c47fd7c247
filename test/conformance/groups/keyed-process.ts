/** KeyedProcess and KeyedCoProcess: functions described in words on a keyed harness. */
import type {
  KeyedCoProcessFunction,
  KeyedProcessFunction,
} from '../../../lib/core/functions/process-function.ts';
import type { KeyedOneInputSpec } from '../../../lib/testing/one-input-harness.ts';
import { KeyedOneInputStreamOperatorTestHarness } from '../../../lib/testing/one-input-harness.ts';
import type { KeyedTwoInputSpec } from '../../../lib/testing/two-input-harness.ts';
import { KeyedTwoInputStreamOperatorTestHarness } from '../../../lib/testing/two-input-harness.ts';
import { requireKnownFields, stringField } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { HarnessSubject } from '../harness-subject.ts';
import { runSteps } from '../step-runner.ts';
import { execute, timeDomainOf } from './described-function.ts';
import { parseFunction } from './function-description.ts';
import { keySelectorOf } from './key-selector.ts';

export async function runKeyedProcess(golden: GoldenCase): Promise<void> {
  return runSteps(golden, await openKeyedProcess(golden));
}

export async function runKeyedCoProcess(golden: GoldenCase): Promise<void> {
  return runSteps(golden, await openKeyedCoProcess(golden));
}

/** An open harness of the described function. */
function openKeyedProcess(golden: GoldenCase): Promise<HarnessSubject> {
  const { config } = golden;
  const fn = createProcessFunction(golden);
  const spec: KeyedOneInputSpec = {
    kind: 'keyedProcess',
    keySelector: keySelectorOf(config.keyBy),
    fn: { create: () => fn, shared: undefined },
  };
  return HarnessSubject.open(
    (initialProcessingTime) =>
      new KeyedOneInputStreamOperatorTestHarness<unknown, unknown>(spec, { initialProcessingTime }),
  );
}

/** An open harness of the described function. */
function openKeyedCoProcess(golden: GoldenCase): Promise<HarnessSubject> {
  const keySelector = keySelectorOf(golden.config.keyBy);
  const fn = createCoProcessFunction(golden);
  const spec: KeyedTwoInputSpec = {
    kind: 'keyedCoProcess',
    keySelectors: [keySelector, keySelector],
    fn: { create: () => fn, shared: undefined },
  };
  return HarnessSubject.open(
    (initialProcessingTime) =>
      new KeyedTwoInputStreamOperatorTestHarness<unknown, unknown, unknown>(spec, { initialProcessingTime }),
  );
}

function describedFunction({ config }: GoldenCase) {
  requireKnownFields(config, ['keyBy', 'function', 'timeDomain'], 'config');
  const timeDomain = timeDomainOf(config);
  return { timeDomain, ...parseFunction(stringField(config, 'function', 'config'), timeDomain) };
}

function createProcessFunction(golden: GoldenCase): KeyedProcessFunction<unknown, unknown, unknown> {
  const { timeDomain, input1, onTimer } = describedFunction(golden);
  return {
    processElement: (value, context, out) =>
      execute(input1, { context, out, value, inputNumber: 1, timeDomain }),
    onTimer: (_timestamp, context, out) =>
      execute(onTimer, { context, out, value: undefined, inputNumber: 1, timeDomain }),
  };
}

function createCoProcessFunction(
  golden: GoldenCase,
): KeyedCoProcessFunction<unknown, unknown, unknown, unknown> {
  const { timeDomain, input1, input2, onTimer } = describedFunction(golden);
  return {
    processElement1: (value, context, out) =>
      execute(input1, { context, out, value, inputNumber: 1, timeDomain }),
    processElement2: (value, context, out) =>
      execute(input2, { context, out, value, inputNumber: 2, timeDomain }),
    onTimer: (_timestamp, context, out) =>
      execute(onTimer, { context, out, value: undefined, inputNumber: 1, timeDomain }),
  };
}
