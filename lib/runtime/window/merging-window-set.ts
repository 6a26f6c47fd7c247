/**
 * MergingWindowSet: the in-flight windows of one key under a merging assigner.
 *
 * I1  Every window has a state window: the namespace in which its contents are kept. It is one of the windows
 *     that the window was merged from, so that merging moves as little state as possible.
 * I2  A window and its state window may differ; two windows never share a state window.
 *
 * Source: Flink's MergingWindowSet.
 */
import { UserError } from '../../core/errors.ts';
import { TimeWindow, type Window } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';

/** A window and its state window as kept in state: start, end, start, end. Unit: ms. */
export type MergedWindowEntry = readonly [number, number, number, number];

/** One merge: `sources` became `result`, whose state window takes in the state of `stateSources`. */
export interface WindowMerge {
  readonly result: TimeWindow;
  readonly sources: readonly TimeWindow[];
  readonly stateWindow: TimeWindow;
  readonly stateSources: readonly TimeWindow[];
}

interface InFlight {
  readonly window: TimeWindow;
  readonly stateWindow: TimeWindow;
}

type MergeWindows = NonNullable<WindowAssigner<unknown, Window>['mergeWindows']>;

export class MergingWindowSet {
  readonly #mergeWindows: MergeWindows;
  #inFlight: InFlight[];
  #changed = false;

  constructor(assigner: { readonly mergeWindows: MergeWindows }, entries: readonly MergedWindowEntry[]) {
    this.#mergeWindows = (windows, merge) => assigner.mergeWindows(windows, merge);
    this.#inFlight = entries.map(([start, end, stateStart, stateEnd]) => ({
      window: new TimeWindow(start, end),
      stateWindow: new TimeWindow(stateStart, stateEnd),
    }));
  }

  /** True if the set is no longer what it was made from. */
  get changed(): boolean {
    return this.#changed;
  }

  /** What is to be kept in state. */
  entries(): readonly MergedWindowEntry[] {
    return this.#inFlight.map(({ window, stateWindow }) => [
      window.start,
      window.end,
      stateWindow.start,
      stateWindow.end,
    ]);
  }

  /** Where the contents of an in-flight window are kept; undefined if it is not in flight. */
  getStateWindow(window: Window): TimeWindow | undefined {
    return this.#inFlight.find((other) => sameWindow(other.window, window))?.stateWindow;
  }

  /** The window is gone. */
  retireWindow(window: Window): void {
    this.#changed = true;
    this.#inFlight = this.#inFlight.filter((other) => !sameWindow(other.window, window));
  }

  /**
   * Adds a window and merges it with those in flight; returns the window it ended up in. `onMerge` is called
   * for each merge that changes a window, after this set has changed.
   *
   * Throws UserError WINDOW_INVALID unless the windows are TimeWindows.
   */
  addWindow(window: Window, onMerge: (merge: WindowMerge) => void): TimeWindow {
    const added = requireTimeWindow(window);
    // A window that is in flight already brings nothing new; it must keep its state window.
    if (this.getStateWindow(added) !== undefined) return added;
    this.#changed = true;
    let result = added;
    for (const group of this.#mergesWith(added)) {
      const sources = group.sources.filter((source) => !sameWindow(source, added));
      if (sources.length < group.sources.length) result = group.result;
      const merge = this.#replace(sources, group.result);
      // The new window lies within one that was in flight: nothing but the look-up has happened.
      const unchanged = sources.length === 1 && sameWindow(sources[0], group.result);
      if (merge !== undefined && !unchanged) onMerge(merge);
    }
    if (this.getStateWindow(result) === undefined)
      this.#inFlight.push({ window: result, stateWindow: result });
    return result;
  }

  #mergesWith(added: TimeWindow): { readonly result: TimeWindow; readonly sources: readonly TimeWindow[] }[] {
    const merges: { result: TimeWindow; sources: readonly TimeWindow[] }[] = [];
    const windows = [...this.#inFlight.map(({ window }) => window), added];
    this.#mergeWindows(windows, (sources, result) => {
      merges.push({ result: requireTimeWindow(result), sources: sources.map(requireTimeWindow) });
    });
    return merges;
  }

  /** Puts `result` in the place of `sources`; it takes over the state window of the first. */
  #replace(sources: readonly TimeWindow[], result: TimeWindow): WindowMerge | undefined {
    const replaced = this.#inFlight.filter(({ window }) =>
      sources.some((source) => sameWindow(source, window)),
    );
    const [first, ...others] = replaced;
    if (first === undefined) return undefined;
    this.#inFlight = this.#inFlight.filter((entry) => !replaced.includes(entry));
    this.#inFlight.push({ window: result, stateWindow: first.stateWindow });
    return {
      result,
      sources,
      stateWindow: first.stateWindow,
      stateSources: others.map(({ stateWindow }) => stateWindow),
    };
  }
}

function sameWindow(a: Window | undefined, b: Window): boolean {
  return a instanceof TimeWindow && b instanceof TimeWindow && a.start === b.start && a.end === b.end;
}

function requireTimeWindow(window: Window): TimeWindow {
  if (window instanceof TimeWindow) return window;
  throw new UserError(
    'WINDOW_INVALID',
    'A merging window assigner returned a window that is not a TimeWindow; merge TimeWindows only.',
  );
}
