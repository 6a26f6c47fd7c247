/** Runs what a description says, inside keyed process and co-process functions. */
import type {
  KeyedProcessContext,
  OnTimerContext,
  TimerService,
} from '../../../lib/core/functions/process-function.ts';
import type { Collector } from '../../../lib/core/functions/rich-function.ts';
import { OutputTag } from '../../../lib/core/output-tag.ts';
import { type ValueState, ValueStateDescriptor } from '../../../lib/core/state.ts';
import type { Fields } from '../fields.ts';
import { CannotExpress, Difference } from '../verdict.ts';
import type { Scope } from './expression.ts';
import type { Statement, TimerDomain } from './function-description.ts';

const STATE = new ValueStateDescriptor<unknown>('s');

/** The domain that `registerTimer` and `current` mean in a case. */
export function timeDomainOf({ timeDomain }: Fields): TimerDomain | undefined {
  if (timeDomain === undefined || timeDomain === 'event' || timeDomain === 'processing') return timeDomain;
  throw new CannotExpress(`timeDomain ${JSON.stringify(timeDomain)}`);
}

/** A record or a timer that the described function is to handle. */
export interface Invocation {
  readonly context: KeyedProcessContext<unknown> | OnTimerContext<unknown>;
  readonly out: Collector<unknown>;
  readonly value: unknown;
  readonly inputNumber: 1 | 2;
  readonly timeDomain: TimerDomain | undefined;
}

/** Runs statements in order. Throws Difference if an assertion of the description does not hold. */
export function execute(statements: readonly Statement[], invocation: Invocation): void {
  const state = invocation.context.getState(STATE);
  for (const statement of statements) executeOne(statement, invocation, state);
}

function executeOne(statement: Statement, invocation: Invocation, state: ValueState<unknown>): void {
  const { context, out } = invocation;
  const scope = scopeOf(invocation, state);
  switch (statement.kind) {
    case 'nothing':
      break;
    case 'assert-key':
      requireKey(context.currentKey, statement.equals(scope));
      break;
    case 'emit':
      out.collect(statement.value(scope));
      break;
    case 'emit-by-domain': {
      const isEvent = 'timeDomain' in context && context.timeDomain === 'event-time';
      out.collect((isEvent ? statement.event : statement.processing)(scope));
      break;
    }
    case 'output':
      context.output(tagOf(statement.tag), statement.value(scope));
      break;
    case 'update':
      state.update(statement.value(scope));
      break;
    case 'clear':
      state.clear();
      break;
    case 'timer':
      applyTimer(statement, context.timerService, statement.time(scope));
      break;
    case 'if-no-state':
      execute(state.value() === undefined ? statement.whenAbsent : statement.otherwise, invocation);
      break;
  }
}

function scopeOf(invocation: Invocation, state: ValueState<unknown>): Scope {
  const { context, value, inputNumber, timeDomain } = invocation;
  const currentWatermark = context.timerService.currentWatermark();
  const currentProcessingTime = context.timerService.currentProcessingTime();
  return {
    value,
    inputNumber,
    key: context.currentKey,
    state: state.value(),
    timestamp: context.timestamp ?? null,
    currentWatermark,
    currentProcessingTime,
    current: timeDomain === 'processing' ? currentProcessingTime : currentWatermark,
  };
}

function requireKey(currentKey: unknown, expected: unknown): void {
  if (currentKey === expected) return;
  throw new Difference(
    `currentKey: expected ${JSON.stringify(expected)}, actual ${JSON.stringify(currentKey)}`,
  );
}

/** A missing tag is what the case wants to see refused. */
function tagOf(tag: string | null): OutputTag<unknown> {
  // The operator must refuse it; the compiler would.
  return tag === null ? (null as unknown as OutputTag<unknown>) : new OutputTag<unknown>(tag);
}

function applyTimer(
  statement: Statement & { readonly kind: 'timer' },
  timers: TimerService,
  time: unknown,
): void {
  if (typeof time !== 'number') throw new CannotExpress(`the timer time ${JSON.stringify(time)}`);
  const { action, domain } = statement;
  if (domain === 'event') {
    if (action === 'register') timers.registerEventTimeTimer(time);
    else timers.deleteEventTimeTimer(time);
  } else if (action === 'register') timers.registerProcessingTimeTimer(time);
  else timers.deleteProcessingTimeTimer(time);
}
