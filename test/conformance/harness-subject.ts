/** Drives an operator harness by the steps that all operator groups share. */

import { OutputTag } from '../../lib/core/output-tag.ts';
import { NO_TIMESTAMP } from '../../lib/core/time.ts';
import { deltaOf } from '../../lib/runtime/snapshot.ts';
import type { HarnessOutput } from '../../lib/testing/harness-output.ts';
import { OneInputStreamOperatorTestHarness } from '../../lib/testing/one-input-harness.ts';
import type { TwoInputStreamOperatorTestHarness } from '../../lib/testing/two-input-harness.ts';
import { StateFold } from '../state-fold.ts';
import {
  booleanField,
  type Fields,
  integerField,
  optionalInteger,
  requireKnownFields,
  stringField,
} from './fields.ts';
import { decodeTime, encodeTime } from './numbers.ts';
import type { Subject } from './step-runner.ts';
import { CannotExpress } from './verdict.ts';

export type AnyHarness =
  | OneInputStreamOperatorTestHarness<unknown, unknown>
  | TwoInputStreamOperatorTestHarness<unknown, unknown, unknown>;

/** How a group reads elements and writes records. */
export interface ElementNotation {
  /** Value for the operator of a golden element. */
  readonly decode: (element: unknown) => unknown;
  /** Golden notation of an emitted value. */
  readonly encode: (value: unknown) => unknown;
}

const PLAIN: ElementNotation = { decode: (element) => element, encode: (value) => value };

/** A new harness, not open yet, whose clock starts at `processingTime`. */
export type HarnessFactory = (processingTime: number) => AnyHarness;

type StepKind =
  | 'element'
  | 'watermark'
  | 'watermarkStatus'
  | 'processingTime'
  | 'advanceProcessingTime'
  | 'snapshotRestore'
  | 'restoreFromChanges'
  | 'endOfInput'
  | 'backpressure'
  | 'note';

const FIELDS_OF_STEP: Readonly<Record<StepKind, readonly string[]>> = {
  element: ['element', 'timestamp', 'input'],
  watermark: ['watermark', 'input'],
  watermarkStatus: ['watermarkStatus', 'input'],
  processingTime: ['processingTime'],
  advanceProcessingTime: ['advanceProcessingTime', 'times'],
  snapshotRestore: ['snapshotRestore'],
  restoreFromChanges: ['restoreFromChanges'],
  endOfInput: ['endOfInput'],
  backpressure: ['backpressure'],
  note: ['note'],
};

/** A harness as the subject of a case; checkpoint and restore replace it by a new one. */
export class HarnessSubject implements Subject {
  readonly #factory: HarnessFactory;
  readonly #notation: ElementNotation;
  #harness: AnyHarness;
  /** Closed at a restore; their output stays part of the case's. */
  readonly #retired: AnyHarness[] = [];
  readonly #fold = new StateFold();

  private constructor(factory: HarnessFactory, notation: ElementNotation) {
    this.#factory = factory;
    this.#notation = notation;
    this.#harness = factory(0);
  }

  static async open(
    factory: HarnessFactory,
    options: Partial<ElementNotation> = {},
  ): Promise<HarnessSubject> {
    const subject = new HarnessSubject(factory, { ...PLAIN, ...options });
    await subject.#harness.open();
    return subject;
  }

  async apply(step: Fields): Promise<void> {
    const kind = kindOf(step);
    requireKnownFields(step, FIELDS_OF_STEP[kind], 'step');
    switch (kind) {
      case 'element':
        return this.#processElement(step);
      case 'watermark':
        return this.#processWatermark(step);
      case 'watermarkStatus':
        return this.#processStatus(step);
      case 'processingTime':
        return this.#harness.setProcessingTime(decodeTime(step.processingTime));
      case 'advanceProcessingTime':
        return this.#advance(step);
      case 'snapshotRestore':
        if (booleanField(step, 'snapshotRestore', 'step')) await this.snapshotRestore();
        return;
      case 'restoreFromChanges':
        return this.#restoreFromChanges();
      case 'endOfInput':
        return this.#harness.endInput();
      case 'backpressure':
        return this.#setBackPressure(stringField(step, 'backpressure', 'step'));
      case 'note':
        return;
    }
  }

  /** Checkpoint, dispose, new instance, restore. */
  async snapshotRestore(): Promise<void> {
    const snapshot = this.#harness.snapshot();
    await this.#replace((harness) => harness.restore(snapshot));
  }

  /** The same from all changes since the start. Throws unless they make up the whole state. */
  async #restoreFromChanges(): Promise<void> {
    this.#fold.take(this.#harness.collectChanges(), deltaOf(this.#harness.snapshot()));
    await this.#replace((harness) => harness.restoreChanges(this.#fold.deltas));
  }

  async #replace(restore: (harness: AnyHarness) => void): Promise<void> {
    const retired = this.#harness;
    await retired.close();
    this.#retired.push(retired);
    this.#harness = this.#factory(retired.processingTime);
    restore(this.#harness);
    await this.#harness.open();
  }

  output(): readonly Fields[] {
    return [...this.#retired, this.#harness].flatMap(({ output }) =>
      output.map((item) => this.#golden(item)),
    );
  }

  sideOutput(tag: string): readonly Fields[] {
    const outputTag = new OutputTag<unknown>(tag);
    return [...this.#retired, this.#harness].flatMap((harness) =>
      harness.sideOutput(outputTag).map((item) => this.#golden(item)),
    );
  }

  close(): Promise<void> {
    return this.#harness.close();
  }

  #processElement(step: Fields): void {
    const value = this.#notation.decode(step.element);
    const timestamp = step.timestamp === undefined ? NO_TIMESTAMP : decodeTime(step.timestamp);
    const harness = this.#harness;
    if (harness instanceof OneInputStreamOperatorTestHarness) {
      requireNoInput(step);
      harness.processElement(value, timestamp);
    } else if (inputOf(step) === 1) harness.processElement1(value, timestamp);
    else harness.processElement2(value, timestamp);
  }

  #processWatermark(step: Fields): void {
    const watermark = decodeTime(step.watermark);
    const harness = this.#harness;
    if (harness instanceof OneInputStreamOperatorTestHarness) {
      requireNoInput(step);
      harness.processWatermark(watermark);
    } else if (inputOf(step) === 1) harness.processWatermark1(watermark);
    else harness.processWatermark2(watermark);
  }

  #processStatus(step: Fields): void {
    const status = statusOf(step.watermarkStatus);
    const harness = this.#harness;
    if (harness instanceof OneInputStreamOperatorTestHarness) {
      requireNoInput(step);
      harness.processWatermarkStatus(status);
    } else if (inputOf(step) === 1) harness.processWatermarkStatus1(status);
    else harness.processWatermarkStatus2(status);
  }

  #advance(step: Fields): void {
    const durationMs = integerField(step, 'advanceProcessingTime', 'step');
    const times = optionalInteger(step, 'times', 'step') ?? 1;
    for (let i = 0; i < times; i++) this.#harness.advanceProcessingTime(durationMs);
  }

  #setBackPressure(change: string): void {
    const [, kind, state] = /^(hard|soft):(on|off)$/.exec(change) ?? [];
    if (kind === undefined) throw new CannotExpress(`backpressure ${JSON.stringify(change)}`);
    this.#harness.setBackPressured(state === 'on', kind === 'hard' ? 'hard' : 'soft');
  }

  #golden(item: HarnessOutput<unknown>): Fields {
    if ('watermark' in item) return { watermark: encodeTime(item.watermark) };
    if ('watermarkStatus' in item) return item;
    const record = this.#notation.encode(item.value);
    return item.timestamp === undefined ? { record } : { record, timestamp: encodeTime(item.timestamp) };
  }
}

function kindOf(step: Fields): StepKind {
  for (const kind of Object.keys(FIELDS_OF_STEP)) {
    // The keys of the table are the kinds.
    if (kind in step) return kind as StepKind;
  }
  throw new CannotExpress(`step ${JSON.stringify(step)}`);
}

function inputOf(step: Fields): 1 | 2 {
  if (step.input === 1 || step.input === 2) return step.input;
  throw new CannotExpress(`input ${JSON.stringify(step.input)} of a two-input operator`);
}

function requireNoInput(step: Fields): void {
  if (step.input !== undefined && step.input !== 1) {
    throw new CannotExpress(`input ${JSON.stringify(step.input)} of a one-input operator`);
  }
}

/** Reads `IDLE` or `ACTIVE`. */
export function statusOf(status: unknown): 'IDLE' | 'ACTIVE' {
  if (status === 'IDLE' || status === 'ACTIVE') return status;
  throw new CannotExpress(`watermarkStatus ${JSON.stringify(status)}`);
}
