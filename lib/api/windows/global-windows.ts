import type { Trigger } from '../../core/window/trigger.ts';
import { GlobalWindow } from '../../core/window/window.ts';
import type { WindowAssigner } from '../../core/window/window-assigner.ts';
import { EndOfStreamTrigger } from './end-of-stream-trigger.ts';
import { NeverTrigger } from './never-trigger.ts';

const GLOBAL: readonly GlobalWindow[] = [GlobalWindow.INSTANCE];

/**
 * One window for all records of a key; it never ends by itself, so give it a trigger. Source: Flink's
 * GlobalWindows.
 */
export class GlobalWindows implements WindowAssigner<unknown, GlobalWindow> {
  readonly description: string;
  readonly isEventTime = false;
  readonly #defaultTrigger: Trigger<unknown, GlobalWindow>;

  private constructor(description: string, defaultTrigger: Trigger<unknown, GlobalWindow>) {
    this.description = description;
    this.#defaultTrigger = defaultTrigger;
  }

  /** The window whose default trigger never fires. */
  static create(): GlobalWindows {
    return new GlobalWindows('GlobalWindows', NeverTrigger.create());
  }

  /** The window that fires once, at the end of a bounded stream. */
  static createWithEndOfStreamTrigger(): GlobalWindows {
    return new GlobalWindows('GlobalWindows(end of stream)', EndOfStreamTrigger.create());
  }

  assignWindows(): readonly GlobalWindow[] {
    return GLOBAL;
  }

  getDefaultTrigger(): Trigger<unknown, GlobalWindow> {
    return this.#defaultTrigger;
  }
}
