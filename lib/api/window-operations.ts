import type { Duration } from '../core/duration.ts';
import type { OutputTag } from '../core/output-tag.ts';
import type { Evictor } from '../core/window/evictor.ts';
import type { Trigger } from '../core/window/trigger.ts';
import type { Window } from '../core/window/window.ts';
import type { RollUp } from './field-aggregation.ts';
import type {
  AggregateArgument,
  AggregatedWindowArgument,
  ComparableField,
  ProcessWindowArgument,
  ReduceArgument,
  SummableField,
  WindowResult,
} from './function-arguments.ts';
import type { StreamKind, StreamOf } from './stream-kind.ts';
import { type NextOperator, type SpecMaker, type StreamOrigin, tagIdOf } from './stream-origin.ts';
import type { TypeMessage } from './type-message.ts';
import type { WindowDraft } from './window-draft.ts';

/** Only the text has a name: the compiler would show that of a whole type instead of the sentence. */
type FunctionFirst = 'a window needs reduce(), aggregate() or process() first';

/** What a windowed stream can do. Kind says which class of streams its operators make. */
export abstract class WindowOperations<T, K, W extends Window, Kind extends StreamKind> {
  declare readonly map: TypeMessage<FunctionFirst>;
  declare readonly filter: TypeMessage<FunctionFirst>;
  declare readonly flatMap: TypeMessage<FunctionFirst>;
  declare readonly keyBy: TypeMessage<FunctionFirst>;
  declare readonly sinkTo: TypeMessage<FunctionFirst>;
  declare readonly print: TypeMessage<FunctionFirst>;
  declare readonly getSideOutput: TypeMessage<FunctionFirst>;
  declare readonly uid: TypeMessage<FunctionFirst>;
  declare readonly setParallelism: TypeMessage<FunctionFirst>;

  protected readonly origin: StreamOrigin;
  readonly #draft: WindowDraft;

  constructor(origin: StreamOrigin, draft: WindowDraft) {
    this.origin = origin;
    this.#draft = draft;
  }

  /** The stream that an operator reading `origin` makes. */
  protected abstract streamOf<R>(operator: NextOperator): StreamOf<Kind, R>;

  /** Replaces the default trigger. Throws UserError TRIGGER_INVALID if windows merge and it cannot. */
  trigger(trigger: Trigger<T, W>): this {
    // Only elements and windows of this assigner reach the trigger.
    this.#draft.setTrigger(trigger as Trigger<unknown, Window>);
    return this;
  }

  /** Drops elements around the evaluation of a window. The window then keeps all its elements. */
  evictor(evictor: Evictor<T, W>): this {
    // Only elements and windows of this assigner reach the evictor.
    this.#draft.setEvictor(evictor as Evictor<unknown, Window>);
    return this;
  }

  /** How long behind the watermark a window still takes records; each one fires it again. Default 0. */
  allowedLateness(lateness: Duration): this {
    this.#draft.setAllowedLateness(lateness);
    return this;
  }

  /** Where records go that are too late for every window; else they are dropped and counted. */
  sideOutputLateData(tag: OutputTag<T>): this {
    this.#draft.setLateTag(tagIdOf(tag, 'sideOutputLateData'));
    return this;
  }

  /** Reduces each window to one record; a window function may follow that makes the result of it. */
  reduce(fn: ReduceArgument<T>): StreamOf<Kind, T>;
  reduce<R>(
    fn: ReduceArgument<T>,
    windowFn: AggregatedWindowArgument<T, R, K, W>,
  ): StreamOf<Kind, WindowResult<R>>;
  reduce(fn: unknown, windowFn?: unknown): StreamOf<Kind, unknown> {
    return this.#operator((place) => this.#draft.reduce(fn, windowFn, place));
  }

  /** Aggregates each window to one value; a window function may follow that makes the result of it. */
  aggregate<ACC, R>(fn: AggregateArgument<T, ACC, R>): StreamOf<Kind, R>;
  aggregate<ACC, V, R>(
    fn: AggregateArgument<T, ACC, V>,
    windowFn: AggregatedWindowArgument<V, R, K, W>,
  ): StreamOf<Kind, WindowResult<R>>;
  aggregate(fn: unknown, windowFn?: unknown): StreamOf<Kind, unknown> {
    return this.#operator((place) => this.#draft.aggregate(fn, windowFn, place));
  }

  /** Evaluates each window from all its elements; `reduce` and `aggregate` keep far less state. */
  process<R>(fn: ProcessWindowArgument<T, R, K, W>): StreamOf<Kind, WindowResult<R>> {
    return this.#operator((place) => this.#draft.process(fn, place));
  }

  /** Sum of a field; the other fields are those of the window's first record. */
  sum(field: SummableField<T>): StreamOf<Kind, T> {
    return this.#rollUp('sum', field);
  }

  /** Minimum of a field; the other fields are those of the window's first record. */
  min(field: ComparableField<T>): StreamOf<Kind, T> {
    return this.#rollUp('min', field);
  }

  /** Maximum of a field; the other fields are those of the window's first record. */
  max(field: ComparableField<T>): StreamOf<Kind, T> {
    return this.#rollUp('max', field);
  }

  /** The record with the smallest field; the first of equals. */
  minBy(field: ComparableField<T>): StreamOf<Kind, T> {
    return this.#rollUp('minBy', field);
  }

  /** The record with the largest field; the first of equals. */
  maxBy(field: ComparableField<T>): StreamOf<Kind, T> {
    return this.#rollUp('maxBy', field);
  }

  #operator<R>(spec: SpecMaker): StreamOf<Kind, R> {
    const single = this.#draft.allWindows ? { parallelism: 1, maxParallelism: 1 } : {};
    return this.streamOf({ name: this.#draft.name, spec, ...single });
  }

  #rollUp(rollUp: RollUp, field: string): StreamOf<Kind, T> {
    return this.#operator(() => this.#draft.rollUp(rollUp, field));
  }
}
