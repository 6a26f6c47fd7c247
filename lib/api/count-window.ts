import { WindowDraft } from './window-draft.ts';
import { CountEvictor } from './windows/count-evictor.ts';
import { CountTrigger } from './windows/count-trigger.ts';
import { GlobalWindows } from './windows/global-windows.ts';
import { PurgingTrigger } from './windows/purging-trigger.ts';

/**
 * The window of `countWindow(size)` and `countWindow(size, slide)`.
 *
 * Throws UserError TRIGGER_INVALID or WINDOW_INVALID unless both are whole numbers above 0.
 * Source Flink's KeyedStream.countWindow.
 */
export function countWindowDraft(
  keying: ConstructorParameters<typeof WindowDraft>[1],
  count: { readonly size: number; readonly slide: number | undefined },
): WindowDraft {
  const draft = new WindowDraft(GlobalWindows.create(), keying);
  if (count.slide === undefined) {
    draft.setTrigger(PurgingTrigger.of(CountTrigger.of(count.size)));
  } else {
    draft.setEvictor(CountEvictor.of(count.size));
    draft.setTrigger(CountTrigger.of(count.slide));
  }
  return draft;
}
