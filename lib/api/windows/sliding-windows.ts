import { addClamped, alignedStart } from '../../core/time.ts';
import { TimeWindow } from '../../core/window/window.ts';
import type { Slicing } from '../../core/window/window-assigner.ts';

/** The sliding windows that hold `time`, latest first; none if `time` falls between two windows. Unit: ms. */
export function slidingWindowsAt(
  time: number,
  { sizeMs, slideMs, offsetMs }: Slicing,
): readonly TimeWindow[] {
  const windows: TimeWindow[] = [];
  for (let start = alignedStart(time, offsetMs, slideMs); start > time - sizeMs; start -= slideMs) {
    windows.push(new TimeWindow(start, addClamped(start, sizeMs)));
  }
  return windows;
}
