/** Windows as namespaces of state and timers: what makes two the same, and their form in snapshots. */
import { UserError } from '../../core/errors.ts';
import type { Namespace } from '../../core/log/state-delta.ts';
import { GlobalWindow, TimeWindow, type Window } from '../../core/window/window.ts';

/** The form of a TimeWindow or GlobalWindow in a snapshot. Throws UserError WINDOW_INVALID for others. */
export function namespaceOf(window: Window | undefined): Namespace {
  if (window === undefined) return undefined;
  if (window instanceof TimeWindow) return [window.start, window.end];
  if (window instanceof GlobalWindow) return 'global';
  throw unknownWindow(window);
}

/** The window that `namespaceOf` wrote. */
export function windowOf(namespace: Namespace): Window | undefined {
  if (namespace === undefined) return undefined;
  return namespace === 'global' ? GlobalWindow.INSTANCE : new TimeWindow(namespace[0], namespace[1]);
}

/** True if both name the same namespace. */
export function sameNamespace(a: Window | undefined, b: Window | undefined): boolean {
  if (a === b) return true;
  if (a instanceof TimeWindow) return b instanceof TimeWindow && a.start === b.start && a.end === b.end;
  return a instanceof GlobalWindow && b instanceof GlobalWindow;
}

export function unknownWindow(window: Window): UserError {
  return new UserError(
    'WINDOW_INVALID',
    `A window of type ${window.constructor?.name ?? typeof window} cannot hold state or timers; let the ` +
      'window assigner return TimeWindow or GlobalWindow.',
  );
}
