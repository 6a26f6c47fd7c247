/**
 * SliceWindowOperator: tumbling and sliding event-time windows with the default trigger, reduced or
 * aggregated.
 *
 * A record costs one look-up of its key in the slice that holds its timestamp: no window object, timer or
 * string.
 * I1  A slice holds one accumulator for each key that came; a window is the union of its slices.
 * I2  A window has fired iff watermark >= end - 1; it is cleaned up iff watermark >= end - 1 + allowed
 *     lateness. Both follow from the watermark alone, so there are no timers.
 * I3  Windows fire in the order of their ends, each key once, before the watermark is forwarded.
 * I4  A late element re-fires every window that holds it, has fired and is not cleaned up, for its key alone.
 * I5  A slice goes when its last window is cleaned up; merging never changes the accumulator of a slice.
 * I6  After a restore a window that a key's group had fired or cleaned up before stays so for that key.
 *
 * Results are those of WindowOperator; only the order of keys within one window may differ.
 */
import type { StateScope } from '../../core/connector.ts';
import { type CanonicalKey, canonicalKey } from '../../core/key.ts';
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import { assertStateValue } from '../../core/state-value.ts';
import { MAX_WATERMARK, NO_TIMESTAMP } from '../../core/time.ts';
import { requireTimestamp } from '../../core/window/event-timestamp.ts';
import { TimeWindow } from '../../core/window/window.ts';
import type { Slicing } from '../../core/window/window-assigner.ts';
import type { KeySelector, WindowSpec } from '../../graph/operator-spec.ts';
import { EventTime } from '../event-time.ts';
import type { Input, Journal, Operator, OperatorContext } from '../operator.ts';
import { collectDelta } from '../operator-delta.ts';
import { OperatorRuntimeContext } from '../runtime-context.ts';
import { CopyingFold, FreezingFold } from './guarded-fold.ts';
import { LateRecords } from './late-records.ts';
import { applySlices } from './restored-slices.ts';
import { WINDOW_SLICES } from './restored-windows.ts';
import type { Pane, Slice } from './slice.ts';
import { SliceChanges } from './slice-changes.ts';
import { AggregateFold, ReduceFold, type SliceFold } from './slice-fold.ts';
import { SliceGeometry } from './slice-geometry.ts';
import { SliceMerger } from './slice-merger.ts';
import { NO_SLICE, SliceSet } from './slice-set.ts';
import type { ContentsFunctions } from './window-contents.ts';
import { WindowEvaluator } from './window-evaluator.ts';

/** What a slice operator gets beside its spec and context. */
export interface SliceOptions {
  readonly slicing: Slicing;
  readonly functions: ContentsFunctions;
  readonly fold: SliceFold;
}

export class SliceWindowOperator implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly #context: OperatorContext;
  readonly #options: SliceOptions;
  readonly #assigner: string;
  readonly #keySelector: KeySelector;
  readonly #journal: Journal | undefined;
  readonly #fold: SliceFold;
  readonly #slices: SliceSet;
  readonly #changes: SliceChanges;
  readonly #eventTime: EventTime;
  readonly #merger: SliceMerger;
  readonly #evaluator: WindowEvaluator;
  readonly #late: LateRecords;
  readonly #where: () => string;
  /** The slice of the record before. */
  #last: Slice = NO_SLICE;
  /** The first window with data that has not fired, and that is not cleaned up; Infinity for none. */
  #nextFire = Number.POSITIVE_INFINITY;
  #nextClear = Number.POSITIVE_INFINITY;
  /** The watermark at which anything is to be done: all others pass in constant time. */
  #due = Number.POSITIVE_INFINITY;

  constructor(spec: WindowSpec, context: OperatorContext, options: SliceOptions) {
    this.#context = context;
    this.#options = options;
    this.#assigner = spec.assigner.description;
    this.#keySelector = spec.keySelector;
    this.#journal = context.journal;
    this.#where = () => `State '${WINDOW_SLICES}' of operator '${context.operatorName}'`;
    this.#fold = guarded(options.fold, context, this.#where);
    this.#slices = new SliceSet(new SliceGeometry(options.slicing), spec.allowedLatenessMs);
    this.#changes = new SliceChanges({
      slices: this.#slices,
      kind: this.#fold.kind,
      where: this.#where,
      trackChanges: context.trackChanges,
    });
    this.#eventTime = new EventTime(context);
    this.#merger = new SliceMerger(this.#fold);
    this.#evaluator = new WindowEvaluator(spec, context, () => this.#eventTime.watermark);
    this.#late = new LateRecords(spec, context);
  }

  async open(): Promise<void> {
    this.#context.cursor.operator = this.#context;
    await this.#options.functions.reduce?.open?.(new OperatorRuntimeContext(this.#context));
    await this.#evaluator.open(this.#context);
  }

  processElement(value: unknown, timestamp: number): void {
    this.#context.cursor.operator = this.#context;
    const key = this.#keySelector(value);
    const canonical = canonicalKey(key);
    let slice = this.#last;
    if (!(timestamp >= slice.start && timestamp < slice.end)) {
      const found = this.#sliceAt(timestamp);
      if (found === undefined) {
        this.#late.skip(value, timestamp, this.#eventTime.watermarkOf(key));
        return;
      }
      slice = found;
      this.#last = found;
    }
    const eventTime = this.#eventTime;
    const reached = eventTime.hasGroupsAhead ? eventTime.watermarkOf(key) : eventTime.watermark;
    if (slice.expiry <= reached) {
      this.#late.skip(value, timestamp, reached);
      return;
    }
    const pane = slice.panes.get(canonical);
    if (pane === undefined) this.#addPane(slice, canonical, newPane(key, this.#fold.first(value)));
    else this.#addToPane(slice, pane, value);
    if (slice.firstFireTime <= reached) this.#refire(slice, canonical, key);
  }

  get reached(): number {
    return this.#eventTime.watermark;
  }

  processWatermark(watermark: number): void {
    // A source that starts again behind the restored watermark must not turn time back.
    if (watermark < this.#eventTime.watermark) return;
    if (this.#journal !== undefined) this.#rememberTime(this.#journal);
    this.#eventTime.advance(watermark);
    if (watermark >= this.#due) this.#advance();
    this.#context.output.processWatermark(watermark);
  }

  processWatermarkStatus(idle: boolean): void {
    this.#context.output.processWatermarkStatus(idle);
  }

  async close(): Promise<void> {
    await this.#evaluator.close();
    await this.#options.functions.reduce?.close?.();
  }

  collectState(scope: StateScope): OperatorDelta {
    this.#context.cursor.operator = this.#context;
    const delta = collectDelta(this.#context, scope, {
      eventTime: this.#eventTime,
      backend: this.#evaluator.state.backend,
      timers: undefined,
      states: [],
    });
    const slices = this.#changes.collect(scope);
    return slices === undefined ? delta : { ...delta, keyed: [slices, ...delta.keyed] };
  }

  applyState(delta: OperatorDelta): void {
    this.#context.cursor.operator = this.#context;
    const others = applySlices(delta, this.#slices, this.#context);
    if (others.length > 0) this.#evaluator.state.require().applyState(others);
    this.#eventTime.apply(delta);
    this.#slices.expire(this.#eventTime.watermark);
    this.#last = NO_SLICE;
    this.#plan();
  }

  /** The slice of a record; undefined if no window takes it. */
  #sliceAt(timestamp: number): Slice | undefined {
    if (timestamp === NO_TIMESTAMP) requireTimestamp(timestamp, this.#assigner);
    const start = this.#slices.geometry.sliceAt(timestamp);
    const known = this.#slices.get(start);
    if (known !== undefined) return known;
    const slice = this.#slices.create(start);
    if (slice === undefined || slice.expiry <= this.#eventTime.watermark) return undefined;
    this.#slices.add(slice);
    this.#plan();
    return slice;
  }

  #addToPane(slice: Slice, pane: Pane, value: unknown): void {
    if (this.#journal === undefined) pane.accumulator = this.#fold.add(pane.accumulator, value);
    else this.#addUndoably(pane, value, this.#journal);
    if (pane.mark === 'clean') this.#changes.add(slice, pane);
  }

  #addPane(slice: Slice, canonical: CanonicalKey, pane: Pane): void {
    assertStateValue(pane.accumulator, this.#where, 'accumulator');
    slice.panes.set(canonical, pane);
    this.#changes.add(slice, pane);
    this.#journal?.record(() => this.#changes.undo(slice, canonical));
  }

  #addUndoably(pane: Pane, value: unknown, journal: Journal): void {
    const before = pane.accumulator;
    pane.accumulator = this.#fold.add(before, value);
    journal.record(() => {
      pane.accumulator = before;
    });
  }

  /** Evaluates again, for one key, what has fired and is not cleaned up (I4). */
  #refire(slice: Slice, canonical: CanonicalKey, key: unknown): void {
    const { geometry } = this.#slices;
    const reached = this.#eventTime.watermarkOf(key);
    for (let window = slice.lastWindow; window >= slice.firstWindow; window -= geometry.slideMs) {
      if (geometry.fireTimeOf(window) > reached) continue;
      if (this.#slices.cleanupTimeOf(window) <= reached) return;
      const pane = this.#merger.paneOf(this.#slices.slicesOf(window), canonical);
      if (pane === undefined) continue;
      const result = this.#fold.result(pane.accumulator);
      this.#evaluator.emitValue(key, new TimeWindow(window, geometry.endOf(window)), result);
    }
  }

  /** Finds what is to be done next, from the slices and the watermark. */
  #plan(): void {
    const { watermark } = this.#eventTime;
    this.#nextFire = this.#slices.firstUnfiredAt(watermark);
    this.#nextClear = this.#evaluator.clears
      ? this.#slices.firstUncleanedAt(watermark)
      : Number.POSITIVE_INFINITY;
    this.#due = Math.min(this.#fireTime(), this.#clearTime(), this.#slices.firstExpiry());
  }

  /** Fires and cleans up everything that is due, in the order of time. */
  #advance(): void {
    const { slideMs } = this.#slices.geometry;
    const { watermark } = this.#eventTime;
    for (;;) {
      const fireTime = this.#fireTime();
      const clearTime = this.#clearTime();
      if (Math.min(fireTime, clearTime) > watermark) break;
      if (fireTime <= clearTime) {
        this.#fire(this.#nextFire);
        this.#nextFire = this.#slices.firstWindowFrom(this.#nextFire + slideMs);
      } else {
        this.#clear(this.#nextClear);
        this.#nextClear = this.#slices.firstWindowFrom(this.#nextClear + slideMs);
      }
    }
    this.#changes.expire(this.#slices.expire(watermark));
    this.#last = NO_SLICE;
    this.#plan();
  }

  #fireTime(): number {
    return this.#nextFire === Number.POSITIVE_INFINITY
      ? this.#nextFire
      : this.#slices.geometry.fireTimeOf(this.#nextFire);
  }

  /** A window that would be cleaned up at the end of time never is. */
  #clearTime(): number {
    if (this.#nextClear === Number.POSITIVE_INFINITY) return this.#nextClear;
    const time = this.#slices.cleanupTimeOf(this.#nextClear);
    return time === MAX_WATERMARK ? Number.POSITIVE_INFINITY : time;
  }

  #fire(start: number): void {
    this.#context.cursor.operator = this.#context;
    const window = new TimeWindow(start, this.#slices.geometry.endOf(start));
    const fireTime = this.#slices.geometry.fireTimeOf(start);
    for (const { key, accumulator } of this.#merger.panesOf(this.#slices.slicesOf(start))) {
      if (this.#isDone(key, fireTime)) continue;
      this.#evaluator.emitValue(key, window, this.#fold.result(accumulator));
    }
  }

  #clear(start: number): void {
    this.#context.cursor.operator = this.#context;
    const window = new TimeWindow(start, this.#slices.geometry.endOf(start));
    const clearTime = this.#slices.cleanupTimeOf(start);
    const cleared = new Set<CanonicalKey>();
    for (const { panes } of this.#slices.slicesOf(start)) {
      for (const [canonical, { key }] of panes) {
        if (cleared.has(canonical)) continue;
        cleared.add(canonical);
        if (this.#isDone(key, clearTime)) continue;
        this.#evaluator.clear(key, window);
      }
    }
  }

  /** True if the key's group had got there before the operator was restored (I6). */
  #isDone(key: unknown, time: number): boolean {
    return this.#eventTime.hasGroupsAhead && this.#eventTime.reachedBefore(key) >= time;
  }

  /** The event time is back by the time that the slices are put back. */
  #rememberTime(journal: Journal): void {
    const slices = this.#slices.all;
    const { expired } = this.#changes;
    journal.record(() => {
      this.#slices.reset(slices);
      this.#changes.reset(expired);
      this.#last = NO_SLICE;
      this.#plan();
    });
  }
}

function newPane(key: unknown, accumulator: unknown): Pane {
  return { key, accumulator, mark: 'new' };
}

function guarded(fold: SliceFold, { journal, freezeState }: OperatorContext, where: () => string): SliceFold {
  if (freezeState) return new FreezingFold(fold, where);
  return journal === undefined ? fold : new CopyingFold(fold);
}

/** The fold of a spec whose windows may be sliced; undefined if they may not. */
export function sliceFoldOf(
  { contents }: WindowSpec,
  { sizeMs, slideMs }: Slicing,
  { reduce, aggregate }: ContentsFunctions,
): SliceFold | undefined {
  const tumbling = sizeMs === slideMs;
  if (contents.kind === 'reduce' && reduce !== undefined) {
    return tumbling || contents.sliceable ? new ReduceFold(reduce) : undefined;
  }
  if (aggregate === undefined) return undefined;
  return tumbling || aggregate.merge !== undefined ? new AggregateFold(aggregate) : undefined;
}
