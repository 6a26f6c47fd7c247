/**
 * First operator of a chain: drives the reader of a source, assigns timestamps and generates watermarks per
 * split.
 *
 * Owns the reader, one watermark generator per split and their combination; does not own splits: those come
 * from the enumerator through `SourceHost`. A record whose timestamp is not a whole number of milliseconds
 * is a dead letter.
 *
 * 1  Its state says of every unfinished split where to go on and how far event time has come in it; a
 *    restored split holds the watermark back from the start, as it did before.
 * 2  A restored source emits the watermark that it had reached once more, because channels have forgotten it,
 *    and never a lower one.
 */
import { isDeepStrictEqual } from 'node:util';
import type {
  AnySourceRuntime,
  InputStatus,
  ReaderOutput,
  RejectedRecord,
  SourceReader,
  SourceSplit,
  SplitOutput,
  StateScope,
} from '../../core/connector.ts';
import { InvariantError } from '../../core/errors.ts';
import type { Counter } from '../../core/functions/rich-function.ts';
import { LIMITS } from '../../core/limits.ts';
import type {
  KeyGroupWatermark,
  OperatorDelta,
  OperatorStateChange,
  OperatorStateDelta,
} from '../../core/log/state-delta.ts';
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../core/time.ts';
import type { WatermarkStrategySpec } from '../../core/watermark.ts';
import type { DeadLetterOutput } from '../../ports/dead-letters.ts';
import { SplitWatermarkMultiplexer } from '../../protocol/split-watermark-multiplexer.ts';
import type { Input, Operator, OperatorContext } from '../operator.ts';
import { PausableClock } from '../operators/pausable-clock.ts';
import type { RecordGuard } from './record-guard.ts';
import { type SplitEventTime, type SplitOwner, SplitRecords } from './split-records.ts';

/** What a source operator gets beside its context. */
export interface SourceOperatorOptions {
  readonly nodeId: number;
  readonly runtime: AnySourceRuntime<unknown>;
  readonly watermarks: WatermarkStrategySpec<unknown>;
  readonly deadLetters: DeadLetterOutput;
  readonly requestSplit: () => void;
  /** Set when user code of the chain may dead-letter records. */
  readonly guard: RecordGuard | undefined;
}

const SPLITS = 'splits';

/** A split as the state of its source knows it. */
interface StoredSplit {
  readonly split: SourceSplit;
  /** Undefined if no record of the split has been read. */
  readonly eventTime: SplitEventTime | undefined;
}

export class SourceOperator implements Operator, ReaderOutput<unknown>, SplitOwner {
  // A source has no upstream; the slot exists because every operator has inputs.
  readonly inputs: readonly [Input];
  readonly nodeId: number;
  readonly context: OperatorContext;
  readonly options: SourceOperatorOptions;
  readonly numRecordsIn: Counter;
  readonly idlenessClock: PausableClock;
  readonly #dead: Counter;
  readonly #splits = new Map<string, SplitRecords>();
  readonly #multiplexer: SplitWatermarkMultiplexer;
  /** Splits by id, as the state knows them. */
  readonly #stored = new Map<string, StoredSplit>();
  /** Ended since the last version: a base may know of them although no version does. */
  readonly #released = new Set<string>();
  /** State of the reader, until there is one. */
  #readerStates: OperatorStateDelta[] = [];
  #storedWatermark = MIN_TIMESTAMP;
  #keyGroupsStored = false;
  #reader: SourceReader<unknown, SourceSplit> | undefined;
  #watermark = MIN_TIMESTAMP;
  #watermarkRestored = false;
  /** Since when no split has been open. Unit: ms of the idleness clock. */
  #silentSince = 0;
  #idle = false;
  #draining = false;
  #ended = false;

  constructor(context: OperatorContext, options: SourceOperatorOptions) {
    this.inputs = [context.output];
    this.nodeId = options.nodeId;
    this.context = context;
    this.options = options;
    this.idlenessClock = new PausableClock(context.processingTime);
    this.numRecordsIn = context.counter('numRecordsIn');
    this.#dead = context.counter('numRecordsInErrors');
    this.#multiplexer = new SplitWatermarkMultiplexer({
      emitWatermark: (watermark) => this.#emitWatermark(watermark),
      markIdle: () => this.#emitStatus(true),
      markActive: () => this.#emitStatus(false),
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What it has emitted last; MIN_TIMESTAMP before that. Unit: ms since the epoch. */
  get watermark(): number {
    return this.#watermark;
  }

  get idle(): boolean {
    return this.#idle;
  }

  get reader(): SourceReader<unknown, SourceSplit> {
    if (this.#reader !== undefined) return this.#reader;
    throw new InvariantError(
      'INVARIANT',
      `Source '${this.context.operatorName}' was used before it was opened.`,
    );
  }

  open(): Promise<void> {
    this.context.cursor.operator = this.context;
    this.#silentSince = this.idlenessClock.now();
    this.#schedulePeriodicEmit();
    const { runtime, requestSplit } = this.options;
    const reader = runtime.createReader({ subtask: this.context.subtask, requestSplit });
    this.#reader = reader;
    if (this.#readerStates.length > 0) reader.applyState?.(this.#readerStates.splice(0));
    const splits = [...this.#stored.values()];
    for (const { split, eventTime } of splits) {
      if (eventTime !== undefined) this.#openSplit(split.splitId).restore(eventTime);
    }
    if (splits.length > 0) reader.addSplits(splits.map(({ split }) => split));
    return reader.start();
  }

  /** While the task may not emit, its splits are not taken for idle. */
  setBackPressured(on: boolean): void {
    this.idlenessClock.setBackPressured('hard', on);
  }

  /** Emits about `maxRecords` records; after the last one the final watermark. */
  poll(maxRecords: number): InputStatus {
    this.context.cursor.operator = this.context;
    const status = this.#draining ? 'end-of-input' : this.reader.pollNext(this, maxRecords);
    if (status === 'end-of-input' && !this.#ended) {
      this.#ended = true;
      this.#emitStatus(false);
      this.#emitWatermark(MAX_WATERMARK);
    }
    return status;
  }

  /** Its input is over, whatever there is left to read: the next poll says so. */
  drain(): void {
    this.#draining = true;
  }

  endBatch(): void {
    if (this.#ended) return;
    this.context.cursor.operator = this.context;
    if (this.#watermarkRestored) {
      this.#watermarkRestored = false;
      this.context.output.processWatermark(this.#watermark);
    }
    for (const split of this.#splits.values()) split.periodicEmit();
    this.#multiplexer.onPeriodicEmit();
    this.#checkSilence();
  }

  /** Without records there are no batches, and idleness would never be noticed. */
  #schedulePeriodicEmit(): void {
    const { processingTime } = this.context;
    const emit = (): void => {
      if (this.#ended) return;
      this.endBatch();
      this.#schedulePeriodicEmit();
    };
    const at = processingTime.now() + LIMITS.autoWatermarkIntervalMs;
    // That a source becomes idle is told by nothing but time.
    const becomesIdle = this.options.watermarks.idleTimeoutMs !== undefined && !this.#idle;
    processingTime.schedule(at, emit, becomesIdle ? 'timer' : 'look');
  }

  /** A reader without a split of its own has no generator that could tell that it is idle. */
  #checkSilence(): void {
    const { idleTimeoutMs } = this.options.watermarks;
    const now = this.idlenessClock.now();
    if (this.#splits.size > 0) this.#silentSince = now;
    else if (idleTimeoutMs !== undefined && now - this.#silentSince > idleTimeoutMs) this.#emitStatus(true);
  }

  forSplit(splitId: string): SplitOutput<unknown> {
    return this.#splits.get(splitId) ?? this.#openSplit(splitId);
  }

  #openSplit(splitId: string): SplitRecords {
    this.#emitStatus(false);
    this.#multiplexer.registerNewOutput(splitId);
    const split = new SplitRecords(this, {
      immediate: this.#multiplexer.getImmediateOutput(splitId),
      deferred: this.#multiplexer.getDeferredOutput(splitId),
    });
    this.#splits.set(splitId, split);
    return split;
  }

  releaseSplit(splitId: string): void {
    if (this.context.trackChanges) this.#released.add(splitId);
    const split = this.#splits.get(splitId);
    if (split === undefined) return;
    this.context.cursor.operator = this.context;
    // A short split ends before its first periodic emission: its last watermark must not be lost.
    split.periodicEmit();
    this.#multiplexer.onPeriodicEmit();
    this.#splits.delete(splitId);
    this.#silentSince = this.idlenessClock.now();
    this.#multiplexer.unregisterOutput(splitId);
  }

  markIdle(): void {
    this.#emitStatus(true);
  }

  reject(record: RejectedRecord): void {
    this.options.deadLetters.write({
      operator: this.context.operatorUid ?? this.context.operatorName,
      ...record,
    });
    this.#dead.inc();
  }

  #emitWatermark(watermark: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    this.context.output.processWatermark(watermark);
  }

  #emitStatus(idle: boolean): void {
    if (idle === this.#idle) return;
    this.#idle = idle;
    this.context.output.processWatermarkStatus(idle);
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  collectState(scope: StateScope): OperatorDelta {
    const changes: OperatorStateChange[] = [];
    const unfinished = new Set<string>();
    for (const split of this.reader.snapshotState()) {
      const { splitId } = split;
      unfinished.add(splitId);
      const value: StoredSplit = { split, eventTime: this.#eventTimeOf(splitId) };
      if (scope === 'changes' && isDeepStrictEqual(value, this.#stored.get(splitId))) continue;
      // A reader may go on in the object that it has answered.
      const copy = structuredClone(value);
      changes.push({ op: 'put', part: splitId, value: copy });
      if (scope === 'changes') this.#stored.set(splitId, copy);
    }
    if (scope === 'changes') {
      for (const part of new Set([...this.#stored.keys(), ...this.#released])) {
        if (unfinished.has(part)) continue;
        changes.push({ op: 'remove', part });
        this.#stored.delete(part);
      }
      this.#released.clear();
    }
    return {
      operator: this.context.stateId,
      keyed: [],
      timers: [],
      states: [
        ...(changes.length === 0 ? [] : [{ name: SPLITS, redistribution: 'split', changes } as const]),
        ...(this.reader.collectState?.(scope) ?? []),
      ],
      watermark: this.#changedWatermark(scope),
      keyGroupWatermarks: this.#droppedKeyGroups(scope),
    };
  }

  applyState({ states, watermark, keyGroupWatermarks }: OperatorDelta): void {
    if (keyGroupWatermarks !== undefined) this.#keyGroupsStored = keyGroupWatermarks.length > 0;
    if (watermark !== undefined) {
      this.#watermark = watermark;
      this.#storedWatermark = watermark;
      this.#watermarkRestored = watermark > MIN_TIMESTAMP;
    }
    for (const state of states) {
      if (state.name === SPLITS) this.#applySplits(state);
      // Of a reader that finds its splits itself: its program is built anew when another process was faster.
      else if (this.#reader === undefined) this.#readerStates.push(state);
    }
  }

  #applySplits({ changes }: OperatorStateDelta): void {
    for (const change of changes) {
      if (change.op === 'clear') this.#stored.clear();
      else if (change.op === 'remove') this.#stored.delete(change.part);
      // The values of this state are those that `collectState` has put.
      else this.#catchUp(change.part, change.value as StoredSplit);
    }
  }

  /** Once the reader is open, another process has read the split up to here. */
  #catchUp(splitId: string, stored: StoredSplit): void {
    this.#stored.set(splitId, stored);
    if (this.#reader === undefined || stored.eventTime === undefined) return;
    (this.#splits.get(splitId) ?? this.#openSplit(splitId)).restore(stored.eventTime);
  }

  #eventTimeOf(splitId: string): SplitEventTime | undefined {
    const generator = this.#splits.get(splitId)?.generatorState();
    return generator && { watermark: this.#multiplexer.watermarkOf(splitId), generator: generator.state };
  }

  /** A source has no keys: what a restore says of key groups is forgotten. */
  #droppedKeyGroups(scope: StateScope): readonly KeyGroupWatermark[] | undefined {
    if (scope === 'all' || !this.#keyGroupsStored) return undefined;
    this.#keyGroupsStored = false;
    return [];
  }

  #changedWatermark(scope: StateScope): number | undefined {
    const watermark = this.#watermark;
    if (scope === 'all') return watermark === MIN_TIMESTAMP ? undefined : watermark;
    if (watermark === this.#storedWatermark) return undefined;
    this.#storedWatermark = watermark;
    return watermark;
  }
}
