/**
 * KeyedWindow and KeyedWindow(evicting): fully declarative, each case run in every form that must give its
 * result.
 */
import type { AggregateFunction } from '../../../lib/core/functions/aggregate-function.ts';
import type { ReduceFunction } from '../../../lib/core/functions/reduce-function.ts';
import type {
  AggregatedWindowFunction,
  ProcessWindowFunction,
} from '../../../lib/core/functions/window-function.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../../lib/core/window/window.ts';
import type { UserFunction, WindowContents, WindowSpec } from '../../../lib/graph/operator-spec.ts';
import { KeyedOneInputStreamOperatorTestHarness } from '../../../lib/testing/one-input-harness.ts';
import { asFields, type Fields, requireKnownFields, stringField } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { HarnessSubject } from '../harness-subject.ts';
import { canonicalTime, decodeDuration, encodeTime } from '../numbers.ts';
import { runSteps } from '../step-runner.ts';
import { CannotExpress, Difference } from '../verdict.ts';
import {
  type AnyTrigger,
  createAssigner,
  createEvictor,
  createTrigger,
  isProcessingTimeType,
} from '../window-vocabulary.ts';
import { numberOfSecondField } from './gap-rule.ts';
import { keySelectorOf } from './key-selector.ts';

const CONFIG_FIELDS = [
  'keyBy',
  'assigner',
  'trigger',
  'allowedLatenessMs',
  'sideOutputLateData',
  'evictor',
  'function',
  'output',
  'contents',
];

type WindowFunctionName = 'sum per key' | 'sum per key and window' | 'elements';

/** One way to run a case. */
interface WindowVariant {
  readonly name: string;
  readonly spec: WindowSpec;
}

/** Runs the case in all its variants. */
export async function runKeyedWindow(golden: GoldenCase): Promise<void> {
  for (const { name, spec } of windowVariants(golden)) {
    const subject = await openWindow(spec);
    try {
      await runSteps(golden, subject, windowNotation(golden));
    } catch (error) {
      if (error instanceof Difference) throw new Difference(`[${name}] ${error.message}`);
      if (error instanceof CannotExpress || !(error instanceof Error)) throw error;
      throw new Difference(`[${name}] threw ${error.name}: ${error.message}`);
    }
  }
}

/** An open harness of the window operator. */
function openWindow(spec: WindowSpec): Promise<HarnessSubject> {
  return HarnessSubject.open(
    (initialProcessingTime) =>
      new KeyedOneInputStreamOperatorTestHarness<unknown, unknown>(spec, { initialProcessingTime }),
  );
}

/**
 * Every form of the operator that must give the expected result: contents, and default or explicit trigger.
 */
function windowVariants(golden: GoldenCase): readonly WindowVariant[] {
  const { config } = golden;
  requireKnownFields(config, CONFIG_FIELDS, 'config');
  const times = alignedTimesOf(golden);
  const newAssigner = () => createAssigner(asFields(config.assigner, 'assigner'), times);
  const newTrigger = () => (config.trigger === undefined ? undefined : createTrigger(config.trigger, times));
  const assigner = newAssigner();
  const isDefault = newTrigger()?.description === assigner.getDefaultTrigger().description;
  return contentsOf(config, assigner.mergeWindows !== undefined).flatMap(({ name, contents }) => {
    const spec = (trigger: AnyTrigger | undefined): WindowSpec => ({
      kind: 'window',
      keySelector: keySelectorOf(config.keyBy),
      allWindows: false,
      assigner: newAssigner(),
      trigger,
      evictor: config.evictor === undefined ? undefined : createEvictor(config.evictor),
      allowedLatenessMs: decodeDuration(config.allowedLatenessMs ?? 0),
      lateTagId:
        config.sideOutputLateData === undefined
          ? undefined
          : stringField(config, 'sideOutputLateData', 'config'),
      contents,
    });
    const asGiven = { name, spec: spec(newTrigger()) };
    return isDefault ? [asGiven, { name: `${name}, default trigger`, spec: spec(undefined) }] : [asGiven];
  });
}

/** Golden notation of expected records: window bounds are times. */
function windowNotation(golden: GoldenCase): (record: unknown) => unknown {
  if (functionOf(golden.config) !== 'sum per key and window') return (record) => record;
  return (record) => {
    if (!Array.isArray(record) || record.length !== 3) return record;
    const [text, start, end]: readonly unknown[] = record;
    return [text, canonicalTime(start), canonicalTime(end)];
  };
}

/** The times that decide which aligned windows exist. */
function alignedTimesOf({ config, steps }: GoldenCase): readonly unknown[] {
  const type = stringField(asFields(config.assigner, 'assigner'), 'type', 'assigner');
  const field = isProcessingTimeType(type) ? 'processingTime' : 'timestamp';
  return steps.map((step) => step[field]).filter((time) => time !== undefined);
}

function functionOf(config: Fields): WindowFunctionName {
  const output = config.output;
  switch (config.function) {
    case 'sum of f1 per key':
      return requireOutput(output, '[key, sum]', 'sum per key');
    case 'sum of f1 per key+window':
      return requireOutput(output, '["<key>-<sum>", window.start, window.end]', 'sum per key and window');
    case 'emit every buffered element unchanged':
      return requireOutput(output, 'element', 'elements');
    default:
      throw new CannotExpress(`function ${JSON.stringify(config.function)}`);
  }
}

function requireOutput(output: unknown, known: string, name: WindowFunctionName): WindowFunctionName {
  if (output === undefined || output === known) return name;
  throw new CannotExpress(`output ${JSON.stringify(output)} of ${name}`);
}

interface NamedContents {
  readonly name: string;
  readonly contents: WindowContents;
}

function contentsOf(config: Fields, merging: boolean): readonly NamedContents[] {
  const kind = functionOf(config);
  const list: NamedContents = {
    name: 'buffered list',
    contents: { kind: 'process', window: perSubtask(listFunction(kind)) },
  };
  const wanted = config.contents ?? '';
  if (typeof wanted !== 'string') throw new CannotExpress(`contents ${JSON.stringify(wanted)}`);
  if (kind === 'elements') {
    if (/reduce/i.test(wanted))
      throw new CannotExpress(`contents ${wanted} of a function that needs every element`);
    return [list];
  }
  const incremental = incrementalContents(kind, merging);
  if (wanted === '') return [...incremental, list];
  const saysReduce = /reduc|increment|aggregat|both/i.test(wanted);
  const saysList = /list|buffer|both/i.test(wanted);
  if (!saysReduce && !saysList) throw new CannotExpress(`contents ${JSON.stringify(wanted)}`);
  return [...(saysReduce || config.evictor !== undefined ? incremental : []), ...(saysList ? [list] : [])];
}

/** Reduce and aggregate, each so that windows may share slices and so that they may not. */
function incrementalContents(kind: WindowFunctionName, merging: boolean): readonly NamedContents[] {
  const window = perSubtask(valueFunction(kind));
  const reduce = perSubtask(REDUCE);
  const aggregateWindow = perSubtask(valueFunction(kind));
  const contents: NamedContents[] = [
    { name: 'reduce, sliced', contents: { kind: 'reduce', reduce, window, sliceable: true } },
    { name: 'reduce', contents: { kind: 'reduce', reduce, window, sliceable: false } },
    {
      name: 'aggregate with merge',
      contents: { kind: 'aggregate', aggregate: perSubtask(AGGREGATE_WITH_MERGE), window: aggregateWindow },
    },
  ];
  if (merging) return contents;
  return [
    ...contents,
    {
      name: 'aggregate',
      contents: { kind: 'aggregate', aggregate: perSubtask(AGGREGATE), window: aggregateWindow },
    },
  ];
}

/** The functions of these cases keep nothing, so that one object serves every subtask. */
function perSubtask<F extends object>(fn: F): UserFunction<F> {
  return { create: () => fn, shared: undefined };
}

const REDUCE: ReduceFunction<unknown> = {
  reduce: (a, b) => [firstField(a), numberOfSecondField(a) + numberOfSecondField(b)],
};

/** Accumulator: the sum as the second field, so that both kinds of contents hand on the same shape. */
const AGGREGATE: AggregateFunction<unknown, unknown, unknown> = {
  createAccumulator: () => ['', 0],
  add: (accumulator, element) => [
    firstField(element),
    numberOfSecondField(accumulator) + numberOfSecondField(element),
  ],
  getResult: (accumulator) => accumulator,
};

const AGGREGATE_WITH_MERGE: AggregateFunction<unknown, unknown, unknown> = {
  ...AGGREGATE,
  merge: (a, b) => [firstField(b), numberOfSecondField(a) + numberOfSecondField(b)],
};

function valueFunction(
  kind: WindowFunctionName,
): AggregatedWindowFunction<unknown, unknown, unknown, Window> {
  return {
    process: ({ key, window, value, out }) =>
      out.collect(resultOf(kind, { key, window, sum: numberOfSecondField(value) })),
  };
}

function listFunction(kind: WindowFunctionName): ProcessWindowFunction<unknown, unknown, unknown, Window> {
  return {
    process: ({ key, window, elements, out }) => {
      if (kind === 'elements') {
        for (const element of elements) out.collect(element);
        return;
      }
      const sum = elements.reduce<number>((total, element) => total + numberOfSecondField(element), 0);
      out.collect(resultOf(kind, { key, window, sum }));
    },
  };
}

interface WindowResult {
  readonly key: unknown;
  readonly window: Window;
  readonly sum: number;
}

function resultOf(kind: WindowFunctionName, { key, window, sum }: WindowResult): unknown {
  if (kind === 'sum per key') return [key, sum];
  if (window instanceof TimeWindow)
    return [`${key}-${sum}`, encodeTime(window.start), encodeTime(window.end)];
  const name = window instanceof GlobalWindow ? 'the global window' : 'an unknown window';
  throw new CannotExpress(`start and end of ${name}`);
}

function firstField(tuple: unknown): unknown {
  return Array.isArray(tuple) ? (tuple[0] as unknown) : undefined;
}
