/** The closed vocabulary of windows: assigners, triggers and evictors by their golden names. */
import { ContinuousEventTimeTrigger } from '../../lib/api/windows/continuous-event-time-trigger.ts';
import { ContinuousProcessingTimeTrigger } from '../../lib/api/windows/continuous-processing-time-trigger.ts';
import { CountEvictor } from '../../lib/api/windows/count-evictor.ts';
import { CountTrigger } from '../../lib/api/windows/count-trigger.ts';
import { DeltaEvictor } from '../../lib/api/windows/delta-evictor.ts';
import { EndOfStreamTrigger } from '../../lib/api/windows/end-of-stream-trigger.ts';
import { EventTimeSessionWindows } from '../../lib/api/windows/event-time-session-windows.ts';
import { EventTimeTrigger } from '../../lib/api/windows/event-time-trigger.ts';
import { GlobalWindows } from '../../lib/api/windows/global-windows.ts';
import { NeverTrigger } from '../../lib/api/windows/never-trigger.ts';
import { ProcessingTimeSessionWindows } from '../../lib/api/windows/processing-time-session-windows.ts';
import { ProcessingTimeTrigger } from '../../lib/api/windows/processing-time-trigger.ts';
import { ProcessingTimeoutTrigger } from '../../lib/api/windows/processing-timeout-trigger.ts';
import { PurgingTrigger } from '../../lib/api/windows/purging-trigger.ts';
import { SlidingEventTimeWindows } from '../../lib/api/windows/sliding-event-time-windows.ts';
import { SlidingProcessingTimeWindows } from '../../lib/api/windows/sliding-processing-time-windows.ts';
import { TimeEvictor } from '../../lib/api/windows/time-evictor.ts';
import { TumblingEventTimeWindows } from '../../lib/api/windows/tumbling-event-time-windows.ts';
import { TumblingProcessingTimeWindows } from '../../lib/api/windows/tumbling-processing-time-windows.ts';
import type { WindowStagger } from '../../lib/api/windows/window-stagger.ts';
import { type Duration, millis } from '../../lib/core/duration.ts';
import type { Evictor } from '../../lib/core/window/evictor.ts';
import type { Trigger } from '../../lib/core/window/trigger.ts';
import type { Window } from '../../lib/core/window/window.ts';
import type { WindowAssigner } from '../../lib/core/window/window-assigner.ts';
import {
  asFields,
  booleanField,
  type Fields,
  integerField,
  optionalInteger,
  requireKnownFields,
  stringField,
} from './fields.ts';
import { customSession } from './groups/custom-session.ts';
import { gapOfRule, numberOfSecondField } from './groups/gap-rule.ts';
import { alignmentShift } from './numbers.ts';
import { CannotExpress } from './verdict.ts';

export type AnyAssigner = WindowAssigner<unknown, Window>;
export type AnyTrigger = Trigger<unknown, Window>;
export type AnyEvictor = Evictor<unknown, Window>;

/** Types whose windows lie on processing time. */
export function isProcessingTimeType(type: string): boolean {
  return type.includes('ProcessingTime');
}

/** Fields of an assigner by its type. */
const ASSIGNER_FIELDS: Readonly<Record<string, readonly string[]>> = {
  TumblingEventTime: ['sizeMs', 'offsetMs', 'stagger'],
  TumblingProcessingTime: ['sizeMs', 'offsetMs', 'stagger'],
  SlidingEventTime: ['sizeMs', 'slideMs', 'offsetMs'],
  SlidingProcessingTime: ['sizeMs', 'slideMs', 'offsetMs'],
  EventTimeSession: ['gapMs'],
  ProcessingTimeSession: ['gapMs'],
  DynamicEventTimeSession: ['gapRule'],
  DynamicProcessingTimeSession: ['gapRule'],
  CustomSession: ['gapMs', 'rule'],
  Global: ['withEndOfStreamTrigger'],
};

/**
 * The assigner of `config`. `goldenTimes` are the times that it will be asked to assign: aligned windows near
 * the ends of the 64-bit range are shifted with them. `config` may hold more than the assigner:
 * `otherFields`.
 */
export function createAssigner(
  config: Fields,
  goldenTimes: readonly unknown[],
  otherFields: readonly string[] = [],
): AnyAssigner {
  const type = stringField(config, 'type', 'assigner');
  const fields = ASSIGNER_FIELDS[type];
  if (fields === undefined) throw new CannotExpress(`assigner ${type}`);
  requireKnownFields(config, ['type', ...fields, ...otherFields], `assigner ${type}`);
  // Every assigner below makes TimeWindow or GlobalWindow out of any element.
  return assignerOf(type, config, goldenTimes) as AnyAssigner;
}

function assignerOf(type: string, config: Fields, goldenTimes: readonly unknown[]): unknown {
  switch (type) {
    case 'TumblingEventTime':
      return TumblingEventTimeWindows.of(...tumblingOf(config, goldenTimes));
    case 'TumblingProcessingTime':
      return TumblingProcessingTimeWindows.of(...tumblingOf(config, goldenTimes));
    case 'SlidingEventTime':
      return SlidingEventTimeWindows.of(...slidingOf(config, goldenTimes));
    case 'SlidingProcessingTime':
      return SlidingProcessingTimeWindows.of(...slidingOf(config, goldenTimes));
    case 'EventTimeSession':
      return EventTimeSessionWindows.withGap(duration(config, 'gapMs'));
    case 'ProcessingTimeSession':
      return ProcessingTimeSessionWindows.withGap(duration(config, 'gapMs'));
    case 'DynamicEventTimeSession':
      return EventTimeSessionWindows.withDynamicGap(gapOfRule(stringField(config, 'gapRule', 'assigner')));
    case 'DynamicProcessingTimeSession':
      return ProcessingTimeSessionWindows.withDynamicGap(
        gapOfRule(stringField(config, 'gapRule', 'assigner')),
      );
    case 'CustomSession':
      return customSession(config);
    default:
      return booleanField(config, 'withEndOfStreamTrigger', 'assigner')
        ? GlobalWindows.createWithEndOfStreamTrigger()
        : GlobalWindows.create();
  }
}

function duration(config: Fields, name: string): Duration {
  return millis(integerField(config, name, 'assigner'));
}

function tumblingOf(config: Fields, goldenTimes: readonly unknown[]): [Duration, Duration, WindowStagger] {
  const sizeMs = duration(config, 'sizeMs');
  return [sizeMs, offsetOf(config, sizeMs, goldenTimes), staggerOf(config)];
}

function slidingOf(config: Fields, goldenTimes: readonly unknown[]): [Duration, Duration, Duration] {
  const slideMs = duration(config, 'slideMs');
  return [duration(config, 'sizeMs'), slideMs, offsetOf(config, slideMs, goldenTimes)];
}

/** The offset as given, unless the windows must follow times near the ends of the 64-bit range. */
function offsetOf(config: Fields, periodMs: number, goldenTimes: readonly unknown[]): Duration {
  const offsetMs = optionalInteger(config, 'offsetMs', 'assigner') ?? 0;
  const shift = periodMs > 0 ? alignmentShift(goldenTimes, periodMs) : 0;
  return millis(shift === 0 ? offsetMs : (offsetMs + shift) % periodMs);
}

function staggerOf(config: Fields): WindowStagger {
  const stagger = config.stagger ?? 'ALIGNED';
  if (stagger === 'ALIGNED') return 'aligned';
  if (stagger === 'NATURAL') return 'natural';
  throw new CannotExpress(`stagger ${JSON.stringify(stagger)}`);
}

/** The trigger of `config`; `goldenTimes` as in `createAssigner`. */
export function createTrigger(config: unknown, goldenTimes: readonly unknown[]): AnyTrigger {
  const fields = asFields(config, 'trigger');
  const type = stringField(fields, 'type', 'trigger');
  const known = TRIGGER_FIELDS[type];
  if (known === undefined) throw new CannotExpress(`trigger ${type}`);
  requireKnownFields(fields, ['type', ...known], `trigger ${type}`);
  return triggerOf(type, fields, goldenTimes);
}

const TRIGGER_FIELDS: Readonly<Record<string, readonly string[]>> = {
  EventTime: [],
  ProcessingTime: [],
  EndOfStream: [],
  Never: [],
  Count: ['n'],
  ContinuousEventTime: ['intervalMs'],
  ContinuousProcessingTime: ['intervalMs'],
  Purging: ['of'],
  ProcessingTimeout: ['of', 'timeoutMs', 'resetTimerOnNewRecord', 'shouldClearOnTimeout'],
};

function triggerOf(type: string, fields: Fields, goldenTimes: readonly unknown[]): AnyTrigger {
  switch (type) {
    case 'EventTime':
      return EventTimeTrigger.create();
    case 'ProcessingTime':
      return ProcessingTimeTrigger.create();
    case 'EndOfStream':
      return EndOfStreamTrigger.create();
    case 'Never':
      return NeverTrigger.create();
    case 'Count':
      return CountTrigger.of(integerField(fields, 'n', 'trigger'));
    case 'ContinuousEventTime':
      return ContinuousEventTimeTrigger.of(intervalOf(fields, goldenTimes));
    case 'ContinuousProcessingTime':
      return ContinuousProcessingTimeTrigger.of(intervalOf(fields, goldenTimes));
    case 'Purging':
      return PurgingTrigger.of(createTrigger(fields.of, goldenTimes));
    default:
      return timeoutTrigger(fields, goldenTimes);
  }
}

/** These triggers fire at multiples of their interval, which cannot be shifted. */
function intervalOf(fields: Fields, goldenTimes: readonly unknown[]): Duration {
  const intervalMs = integerField(fields, 'intervalMs', 'trigger');
  if (intervalMs > 0 && alignmentShift(goldenTimes, intervalMs) !== 0) {
    throw new CannotExpress('a continuous trigger over times near Long.MAX or Long.MIN');
  }
  return millis(intervalMs);
}

function timeoutTrigger(fields: Fields, goldenTimes: readonly unknown[]): AnyTrigger {
  const nested = createTrigger(fields.of, goldenTimes);
  return ProcessingTimeoutTrigger.of(nested, millis(integerField(fields, 'timeoutMs', 'trigger')), {
    resetTimerOnNewRecord: booleanField(fields, 'resetTimerOnNewRecord', 'trigger'),
    shouldClearOnTimeout: booleanField(fields, 'shouldClearOnTimeout', 'trigger'),
  });
}

const EVICTOR_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Count: ['max'],
  Time: ['windowMs'],
  Delta: ['threshold', 'delta'],
};

/** The evictor of `config`. */
export function createEvictor(config: unknown): AnyEvictor {
  const fields = asFields(config, 'evictor');
  const type = stringField(fields, 'type', 'evictor');
  const known = EVICTOR_FIELDS[type];
  if (known === undefined) throw new CannotExpress(`evictor ${type}`);
  requireKnownFields(fields, ['type', 'evictAfter', ...known], `evictor ${type}`);
  const evictAfter = booleanField(fields, 'evictAfter', 'evictor');
  if (type === 'Count') return CountEvictor.of(integerField(fields, 'max', 'evictor'), evictAfter);
  if (type === 'Time') return TimeEvictor.of(millis(integerField(fields, 'windowMs', 'evictor')), evictAfter);
  const delta = fields.delta ?? 'newest.f1 - old.f1';
  if (delta !== 'newest.f1 - old.f1') throw new CannotExpress(`delta ${JSON.stringify(delta)}`);
  const { threshold } = fields;
  if (typeof threshold !== 'number') throw new CannotExpress(`threshold ${JSON.stringify(threshold)}`);
  return DeltaEvictor.of<unknown>(
    threshold,
    (old, newest) => numberOfSecondField(newest) - numberOfSecondField(old),
    evictAfter,
  );
}
