/** KeyedReduce: rolling reduce functions described in words. */
import type { KeyedOneInputSpec } from '../../../lib/testing/one-input-harness.ts';
import { KeyedOneInputStreamOperatorTestHarness } from '../../../lib/testing/one-input-harness.ts';
import { requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { HarnessSubject } from '../harness-subject.ts';
import { runSteps } from '../step-runner.ts';
import { CannotExpress } from '../verdict.ts';
import { keySelectorOf } from './key-selector.ts';

const REDUCE_FUNCTIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  'a+b': (a, b) => a + b,
  'max(a,b)': (a, b) => Math.max(a, b),
  'min(a,b)': (a, b) => Math.min(a, b),
};

export async function runKeyedReduce(golden: GoldenCase): Promise<void> {
  return runSteps(golden, await openKeyedReduce(golden));
}

/** An open harness of the described function. */
function openKeyedReduce({ config }: GoldenCase): Promise<HarnessSubject> {
  requireKnownFields(config, ['keyBy', 'reduce'], 'config');
  const reduce = reduceOf(config.reduce);
  const spec: KeyedOneInputSpec = {
    kind: 'keyedReduce',
    keySelector: keySelectorOf(config.keyBy),
    fn: { create: () => ({ reduce }), shared: undefined },
  };
  return HarnessSubject.open(
    (initialProcessingTime) =>
      new KeyedOneInputStreamOperatorTestHarness<unknown, unknown>(spec, { initialProcessingTime }),
  );
}

function reduceOf(description: unknown): (a: unknown, b: unknown) => unknown {
  const reduce =
    typeof description === 'string' ? REDUCE_FUNCTIONS[description.replaceAll(' ', '')] : undefined;
  if (reduce === undefined) throw new CannotExpress(`reduce ${JSON.stringify(description)}`);
  return (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return reduce(a, b);
    throw new CannotExpress(`reduce ${JSON.stringify(description)} of values that are no numbers`);
  };
}
