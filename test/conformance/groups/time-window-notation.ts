/** Windows as cases write them: `[start, end]`. */
import { TimeWindow } from '../../../lib/core/window/window.ts';
import { asList } from '../fields.ts';
import { decodeTime, encodeTime } from '../numbers.ts';
import { CannotExpress } from '../verdict.ts';

export function timeWindowOf(golden: unknown): TimeWindow {
  const bounds = asList(golden, 'window');
  if (bounds.length !== 2) throw new CannotExpress(`window ${JSON.stringify(golden)}`);
  return new TimeWindow(decodeTime(bounds[0]), decodeTime(bounds[1]));
}

/** A text that is the same exactly for the same windows, whatever way the case writes their times. */
export function goldenTimeWindow({ start, end }: TimeWindow): string {
  return JSON.stringify([encodeTime(start), encodeTime(end)]);
}
