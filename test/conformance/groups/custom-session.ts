/**
 * The custom merging assigner of a case: sessions of a fixed gap, in which some values make windows of no
 * length.
 */
import { EventTimeSessionWindows } from '../../../lib/api/windows/event-time-session-windows.ts';
import { millis } from '../../../lib/core/duration.ts';
import { addClamped } from '../../../lib/core/time.ts';
import { TimeWindow } from '../../../lib/core/window/window.ts';
import type { WindowAssigner } from '../../../lib/core/window/window-assigner.ts';
import { type Fields, optionalInteger } from '../fields.ts';
import { CannotExpress } from '../verdict.ts';
import { numberOfSecondField } from './gap-rule.ts';

const RULE =
  /^value (-?\d+) => (?:window )?\[ts, ?ts\)(?: \(zero length\))?, any other => \[ts, ?ts ?\+ ?(\d+)\)$/;
const DEFAULT_RULE = 'value 33 => [ts,ts), any other => [ts,ts+3000)';

/** The assigner of `{rule, gapMs}`; the rule is the closed vocabulary's if it is not given. */
export function customSession(config: Fields): WindowAssigner<unknown, TimeWindow> {
  const rule = config.rule ?? DEFAULT_RULE;
  const [, point, length] = (typeof rule === 'string' ? RULE.exec(rule) : null) ?? [];
  if (point === undefined) throw new CannotExpress(`session rule ${JSON.stringify(rule)}`);
  const gapMs = optionalInteger(config, 'gapMs', 'assigner') ?? Number(length);
  if (gapMs !== Number(length))
    throw new CannotExpress(`gap ${gapMs} against session rule ${JSON.stringify(rule)}`);
  const sessions = EventTimeSessionWindows.withGap(millis(gapMs));
  return {
    description: 'CustomSession',
    isEventTime: true,
    assignWindows: (element, timestamp) => {
      const isPoint = numberOfSecondField(element) === Number(point);
      return [new TimeWindow(timestamp, isPoint ? timestamp : addClamped(timestamp, gapMs))];
    },
    getDefaultTrigger: () => sessions.getDefaultTrigger(),
    mergeWindows: (windows, merge) => sessions.mergeWindows(windows, merge),
  };
}
