import { UserError } from '../core/errors.ts';
import type { Evictor } from '../core/window/evictor.ts';
import type { Trigger } from '../core/window/trigger.ts';
import type { Window } from '../core/window/window.ts';
import type { WindowAssigner } from '../core/window/window-assigner.ts';
import type { KeySelector, WindowContents, WindowSpec } from '../graph/operator-spec.ts';
import { fieldAggregation, type RollUp } from './field-aggregation.ts';
import {
  aggregateFunction,
  type FunctionPlace,
  mergeableAggregateFunction,
  reduceFunction,
  windowFunction,
} from './user-function.ts';
import { userLocation } from './user-location.ts';

/** The settings of a window until its function is known. */
export class WindowDraft {
  readonly keySelector: KeySelector;
  readonly allWindows: boolean;
  readonly assigner: WindowAssigner<unknown, Window>;
  #trigger: Trigger<unknown, Window> | undefined;
  #evictor: Evictor<unknown, Window> | undefined;
  #allowedLatenessMs = 0;
  #lateTagId: string | undefined;

  constructor(
    assigner: WindowAssigner<unknown, Window>,
    options: { readonly keySelector: KeySelector; readonly allWindows: boolean },
  ) {
    this.assigner = assigner;
    this.keySelector = options.keySelector;
    this.allWindows = options.allWindows;
  }

  /** Default name of the operator: the assigner's, without its arguments. */
  get name(): string {
    return this.assigner.description.replace(/\(.*$/s, '');
  }

  setTrigger(trigger: Trigger<unknown, Window>): void {
    if (this.#merges() && trigger.canMerge?.() !== true) {
      throw new UserError(
        'TRIGGER_INVALID',
        `${trigger.description} cannot merge, but ${this.assigner.description} does (${userLocation()}); ` +
          'use a trigger whose canMerge() is true.',
      );
    }
    this.#trigger = trigger;
  }

  setEvictor(evictor: Evictor<unknown, Window>): void {
    this.#evictor = evictor;
  }

  setAllowedLateness(allowedLatenessMs: number): void {
    if (!Number.isSafeInteger(allowedLatenessMs) || allowedLatenessMs < 0) {
      throw new UserError(
        'WINDOW_INVALID',
        `The allowed lateness is ${allowedLatenessMs} ms (${userLocation()}); give a Duration of at least 0.`,
      );
    }
    this.#allowedLatenessMs = allowedLatenessMs;
  }

  setLateTag(tagId: string): void {
    this.#lateTagId = tagId;
  }

  toSpec(contents: WindowContents): WindowSpec {
    return {
      kind: 'window',
      keySelector: this.keySelector,
      allWindows: this.allWindows,
      assigner: this.assigner,
      trigger: this.#trigger,
      evictor: this.#evictor,
      allowedLatenessMs: this.#allowedLatenessMs,
      lateTagId: this.#lateTagId,
      contents,
    };
  }

  reduce(reduce: unknown, window: unknown, place: FunctionPlace): WindowSpec {
    return this.toSpec({
      kind: 'reduce',
      reduce: reduceFunction(reduce, place),
      window: window === undefined ? undefined : windowFunction(window, place),
      sliceable: true,
    });
  }

  aggregate(aggregate: unknown, window: unknown, place: FunctionPlace): WindowSpec {
    const normalise = this.#merges() ? mergeableAggregateFunction : aggregateFunction;
    return this.toSpec({
      kind: 'aggregate',
      aggregate: normalise(aggregate, place),
      window: window === undefined ? undefined : windowFunction(window, place),
    });
  }

  process(window: unknown, place: FunctionPlace): WindowSpec {
    return this.toSpec({ kind: 'process', window: windowFunction(window, place) });
  }

  rollUp(rollUp: RollUp, field: string): WindowSpec {
    const reduce = { create: () => fieldAggregation(rollUp, field), shared: undefined };
    return this.toSpec({ kind: 'reduce', reduce, window: undefined, sliceable: false });
  }

  #merges(): boolean {
    return this.assigner.mergeWindows !== undefined;
  }
}
