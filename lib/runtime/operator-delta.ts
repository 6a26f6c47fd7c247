import type { StateScope } from '../core/connector.ts';
import { InvariantError } from '../core/errors.ts';
import type {
  KeyedStateDelta,
  OperatorDelta,
  OperatorStateDelta,
  TimerChange,
} from '../core/log/state-delta.ts';
import type { EventTime } from './event-time.ts';
import type { OperatorContext } from './operator.ts';

/** The places in which an operator keeps its state. */
export interface OperatorState {
  readonly eventTime: EventTime | undefined;
  readonly backend: { collectState(scope: StateScope): readonly KeyedStateDelta[] } | undefined;
  readonly timers: { collectState(scope: StateScope): readonly TimerChange[] } | undefined;
  /** Already collected. */
  readonly states: readonly OperatorStateDelta[];
}

/** What `collectState` of an operator answers. Throws InvariantError for changes that are not tracked. */
export function collectDelta(
  context: OperatorContext,
  scope: StateScope,
  { eventTime, backend, timers, states }: OperatorState,
): OperatorDelta {
  requireTracking(context, scope);
  const time = eventTime?.collect(scope);
  return {
    operator: context.stateId,
    keyed: backend?.collectState(scope) ?? [],
    timers: timers?.collectState(scope) ?? [],
    states,
    watermark: time?.watermark,
    keyGroupWatermarks: time?.keyGroupWatermarks,
  };
}

/** Throws InvariantError if changes are asked for but not tracked. */
function requireTracking({ trackChanges, stateId }: OperatorContext, scope: StateScope): void {
  if (scope === 'all' || trackChanges) return;
  throw new InvariantError(
    'INVARIANT',
    `Changes of operator '${stateId}' were collected, but its context does not track them.`,
  );
}

/** True if nothing is in it. */
export function isEmptyDelta(delta: OperatorDelta): boolean {
  return (
    delta.keyed.length === 0 &&
    delta.timers.length === 0 &&
    delta.states.length === 0 &&
    delta.watermark === undefined &&
    delta.keyGroupWatermarks === undefined
  );
}
