/**
 * Turns what users give for a function (function-arguments.ts) into the object form that operators call.
 *
 * A function with parameters is the function itself. One without is a factory, except for map, filter and
 * flatMap, where `() => 1` makes sense too: it is called once when its subtask opens and is a factory if it
 * returns an object with the method.
 */
import { messageOf, UserError } from '../core/errors.ts';
import type { AggregateFunction } from '../core/functions/aggregate-function.ts';
import type {
  CoFlatMapFunction,
  CoMapFunction,
  FilterFunction,
  FlatMapFunction,
  MapFunction,
} from '../core/functions/basic-function.ts';
import type {
  CoProcessFunction,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  ProcessFunction,
} from '../core/functions/process-function.ts';
import type { ReduceFunction } from '../core/functions/reduce-function.ts';
import type { Collector } from '../core/functions/rich-function.ts';
import type { AggregatedWindowFunction, WindowContext } from '../core/functions/window-function.ts';
import type { Window } from '../core/window/window.ts';
import type { UserFunction } from '../graph/operator-spec.ts';

/** The operator that messages name. */
export interface FunctionPlace {
  readonly operatorName: string;
  readonly location: string;
}

type PlainFunction = (...args: unknown[]) => unknown;

/** What one kind of user function looks like. */
interface FunctionShape<F> {
  /** For messages. */
  readonly interfaceName: string;
  readonly methods: readonly (keyof F & string)[];
  /** The object form of a plain function; absent if the interface has several methods. */
  readonly fromPlain?: (fn: PlainFunction) => F;
  /** What a function without parameters is: a factory, or only if it returns an object with the methods. */
  readonly withoutParameters: 'factory' | 'ask';
}

type UserFunctionOf<F> = (argument: unknown, place: FunctionPlace) => UserFunction<F>;

export const mapFunction: UserFunctionOf<MapFunction<unknown, unknown>> = normaliser({
  interfaceName: 'MapFunction',
  methods: ['map'],
  fromPlain: (fn) => ({ map: fn }),
  withoutParameters: 'ask',
});

export const filterFunction: UserFunctionOf<FilterFunction<unknown>> = normaliser({
  interfaceName: 'FilterFunction',
  methods: ['filter'],
  fromPlain: (fn) => ({ filter: (value) => Boolean(fn(value)) }),
  withoutParameters: 'ask',
});

export const flatMapFunction: UserFunctionOf<FlatMapFunction<unknown, unknown>> = normaliser({
  interfaceName: 'FlatMapFunction',
  methods: ['flatMap'],
  fromPlain: (fn) => ({ flatMap: (value, out) => collectAll(fn(value, out), out) }),
  withoutParameters: 'ask',
});

export const processFunction: UserFunctionOf<ProcessFunction<unknown, unknown>> = normaliser({
  interfaceName: 'ProcessFunction',
  methods: ['processElement'],
  fromPlain: (fn) => ({ processElement: fn }),
  withoutParameters: 'factory',
});

export const keyedProcessFunction: UserFunctionOf<KeyedProcessFunction<unknown, unknown, unknown>> =
  normaliser({
    interfaceName: 'KeyedProcessFunction',
    methods: ['processElement'],
    fromPlain: (fn) => ({ processElement: fn }),
    withoutParameters: 'factory',
  });

export const reduceFunction: UserFunctionOf<ReduceFunction<unknown>> = normaliser({
  interfaceName: 'ReduceFunction',
  methods: ['reduce'],
  fromPlain: (fn) => ({ reduce: fn }),
  withoutParameters: 'factory',
});

/** Also ProcessWindowFunction: both have one method `process`, and only what its context holds differs. */
export const windowFunction: UserFunctionOf<AggregatedWindowFunction<unknown, unknown, unknown, Window>> =
  normaliser({
    interfaceName: 'window function',
    methods: ['process'],
    fromPlain: (fn) => ({ process: (context) => collectRow(fn(context), context) }),
    withoutParameters: 'factory',
  });

export const coMapFunction: UserFunctionOf<CoMapFunction<unknown, unknown, unknown>> = normaliser({
  interfaceName: 'CoMapFunction',
  methods: ['map1', 'map2'],
  withoutParameters: 'factory',
});

export const coFlatMapFunction: UserFunctionOf<CoFlatMapFunction<unknown, unknown, unknown>> = normaliser({
  interfaceName: 'CoFlatMapFunction',
  methods: ['flatMap1', 'flatMap2'],
  withoutParameters: 'factory',
});

export const coProcessFunction: UserFunctionOf<CoProcessFunction<unknown, unknown, unknown>> = normaliser({
  interfaceName: 'CoProcessFunction',
  methods: ['processElement1', 'processElement2'],
  withoutParameters: 'factory',
});

export const keyedCoProcessFunction: UserFunctionOf<
  KeyedCoProcessFunction<unknown, unknown, unknown, unknown>
> = normaliser({
  interfaceName: 'KeyedCoProcessFunction',
  methods: ['processElement1', 'processElement2'],
  withoutParameters: 'factory',
});

const AGGREGATE_METHODS = ['createAccumulator', 'add', 'getResult'] as const;

export const aggregateFunction: UserFunctionOf<AggregateFunction<unknown, unknown, unknown>> = normaliser({
  interfaceName: 'AggregateFunction',
  methods: AGGREGATE_METHODS,
  withoutParameters: 'factory',
});

/** An AggregateFunction for windows that merge. */
export const mergeableAggregateFunction: UserFunctionOf<AggregateFunction<unknown, unknown, unknown>> =
  normaliser({
    interfaceName: 'AggregateFunction for windows that merge',
    methods: [...AGGREGATE_METHODS, 'merge'],
    withoutParameters: 'factory',
  });

/** Refuses what is not a plain synchronous function, such as a class or an async function. */
export function requirePlainFunction(
  argument: unknown,
  what: string,
  place: FunctionPlace,
): asserts argument is PlainFunction {
  if (typeof argument !== 'function') {
    throw invalid(place, `${what} is ${describe(argument)}; give a function.`);
  }
  requireSynchronous(argument, what, place);
  if (isClass(argument)) throw invalid(place, `${what} is the class ${argument.name}; give a function.`);
}

function normaliser<F extends object>(shape: FunctionShape<F>): UserFunctionOf<F> {
  return (argument, place) => {
    if (typeof argument === 'function') return fromFunction(argument, shape, place);
    const object = requireObject(argument, shape, place);
    return { create: () => object, shared: object };
  };
}

function fromFunction<F extends object>(
  fn: object,
  shape: FunctionShape<F>,
  place: FunctionPlace,
): UserFunction<F> {
  // `typeof` said function; its parameters are the business of the fluent API's types.
  const call = fn as PlainFunction;
  if (isClass(call)) {
    const mend = `give \`new ${call.name}()\` or, for one object per subtask, \`() => new ${call.name}()\``;
    throw invalid(place, `the ${shape.interfaceName} is the class ${call.name} itself; ${mend}.`);
  }
  requireSynchronous(call, `the ${shape.interfaceName}`, place);
  const { fromPlain } = shape;
  if (fromPlain !== undefined && call.length > 0) {
    const plain = Object.freeze(fromPlain(call));
    return { create: () => plain, shared: undefined };
  }
  if (fromPlain !== undefined && shape.withoutParameters === 'ask') {
    return { create: () => askFactory(call, shape.methods) ?? fromPlain(call), shared: undefined };
  }
  if (call.length > 0) throw invalid(place, `${describeMissing(call, shape)}.`);
  return { create: () => callFactory(call, shape, place), shared: undefined };
}

/** The object a factory makes; undefined if the function is none. */
function askFactory<F extends object>(
  fn: PlainFunction,
  methods: readonly (keyof F & string)[],
): F | undefined {
  let made: unknown;
  try {
    made = fn();
  } catch {
    // A plain function may need its argument; what it throws for a record is reported with that record.
    return undefined;
  }
  return Array.isArray(made) || !hasMethods<F>(made, methods) ? undefined : made;
}

function callFactory<F extends object>(
  factory: PlainFunction,
  shape: FunctionShape<F>,
  place: FunctionPlace,
): F {
  const rule = 'a function without parameters is taken for a factory';
  let made: unknown;
  try {
    made = factory();
  } catch (cause) {
    throw invalid(
      place,
      `the factory of the ${shape.interfaceName} failed (${rule}): ${messageOf(cause)}`,
      cause,
    );
  }
  if (!hasMethods<F>(made, shape.methods)) {
    const got = `returned ${describe(made)}`;
    throw invalid(
      place,
      `the factory of the ${shape.interfaceName} ${got}; ${rule} and must make ${methodList(shape)}.`,
    );
  }
  return requireObject(made, shape, place);
}

function requireObject<F extends object>(
  argument: unknown,
  shape: FunctionShape<F>,
  place: FunctionPlace,
): F {
  if (!hasMethods<F>(argument, shape.methods)) throw invalid(place, `${describeMissing(argument, shape)}.`);
  for (const method of [...shape.methods, 'onTimer', 'clear']) {
    requireSynchronous(Reflect.get(argument, method), `${method}() of the ${shape.interfaceName}`, place);
  }
  return argument;
}

function hasMethods<F extends object>(value: unknown, methods: readonly (keyof F & string)[]): value is F {
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((method) => typeof Reflect.get(value, method) === 'function');
}

function requireSynchronous(fn: unknown, what: string, place: FunctionPlace): void {
  if (typeof fn !== 'function' || !fn.constructor.name.startsWith('Async')) return;
  throw invalid(
    place,
    `${what} is async, but user functions are synchronous; remove \`async\` and \`await\`.`,
  );
}

function isClass(fn: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn));
}

function describeMissing<F>(argument: unknown, shape: FunctionShape<F>): string {
  const plain = shape.fromPlain === undefined ? '' : 'a function, ';
  const forms = `${plain}an object with ${methodList(shape)}, or a factory \`() => new F()\` of such objects`;
  return `${describe(argument)} is no ${shape.interfaceName}; give ${forms}`;
}

function methodList<F>({ methods }: FunctionShape<F>): string {
  return methods.map((method) => `${method}()`).join(', ');
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `a function with ${value.length} parameters`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `the ${typeof value} ${JSON.stringify(String(value))}`;
  const name = value.constructor?.name;
  if (name !== undefined && name !== 'Object') return `an instance of ${name}`;
  return `an object with the properties ${JSON.stringify(Object.keys(value))}`;
}

function invalid(place: FunctionPlace, message: string, cause?: unknown): UserError {
  const text = `Operator '${place.operatorName}' (${place.location}): ${message}`;
  return new UserError('FUNCTION_INVALID', text, { context: place, cause });
}

function collectAll(rows: unknown, out: Collector<unknown>): void {
  if (rows === undefined) return;
  // The fluent API takes only iterables; anything else throws here and is reported with its record.
  for (const row of rows as Iterable<unknown>) out.collect(row);
}

function collectRow(row: unknown, context: WindowContext<unknown, unknown, Window>): void {
  if (row !== undefined) context.out.collect(row);
}
