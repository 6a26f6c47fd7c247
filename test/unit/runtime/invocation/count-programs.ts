/** Two tiny programs: a router of words to the subtask that counts them, and the counter. */
import { decodeValue, encodeValue } from '../../../../lib/core/codec/value-codec.ts';
import type { PushedRecord } from '../../../../lib/core/connector.ts';
import type { SinkIntent } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame, FrameRecord } from '../../../../lib/core/log/frame.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import type {
  FrameDraft,
  OutputWatermark,
  PreparedEffect,
  ProgramChanges,
  ProgramStart,
  SubtaskProgram,
} from '../../../../lib/runtime/invocation/subtask-program.ts';

export const COUNTERS = 2;

/** Index of the counter of a word. */
function counterOf(word: string): number {
  return word.charCodeAt(0) % COUNTERS;
}

export function wordBytes(word: string): Uint8Array {
  return encodeValue(word);
}

/** What both programs share: state by word, and what was produced. */
abstract class WordProgram implements SubtaskProgram {
  readonly counts = new Map<string, number>();
  readonly #performed: (intent: SinkIntent) => void;
  protected changed = new Set<string>();
  protected effects: PreparedEffect[] = [];
  protected readonly sent = new Map<string, FrameRecord[]>();
  protected ending = false;
  protected hints: OutputWatermark[] = [];
  closed = false;
  inputEnded = false;
  #finished = false;

  constructor(performed: (intent: SinkIntent) => void) {
    this.#performed = performed;
  }

  applyState(deltas: readonly OperatorDelta[]): void {
    for (const { keyed } of deltas) {
      for (const { changes } of keyed) {
        for (const change of changes) {
          if (change.op === 'put') this.counts.set(String(change.key), Number(change.value));
        }
      }
    }
  }

  abstract open(start: ProgramStart): Promise<void>;
  async catchUp(): Promise<boolean> {
    return true;
  }
  advanceTime(): boolean {
    return false;
  }
  processFrame(_frame: Frame): void {}
  processInherited(frame: Frame): void {
    this.processFrame(frame);
  }
  processHint(): void {}
  processRecords(_shard: string, _records: readonly PushedRecord[]): void {}
  endShard(): void {
    this.inputEnded = true;
  }
  reshard(): void {}
  async poll(): Promise<boolean> {
    return false;
  }

  endInput(): void {
    this.inputEnded = true;
  }
  async settle(): Promise<void> {}

  async finish(): Promise<void> {
    this.#finished = true;
    this.ending = true;
  }

  protected count(word: string): number {
    const count = (this.counts.get(word) ?? 0) + 1;
    this.counts.set(word, count);
    this.changed.add(word);
    return count;
  }

  async collect(): Promise<ProgramChanges> {
    const operators = this.changed.size === 0 ? [] : [this.#delta([...this.changed])];
    const frames: FrameDraft[] = [...this.sent].map(([target, records]) => ({
      target,
      edge: 'e0',
      endOfInput: false,
      runs: [{ watermark: 0, idle: false, records }],
    }));
    if (this.ending) frames.push(...this.endFrames());
    const { effects, hints } = this;
    this.effects = [];
    this.hints = [];
    this.ending = false;
    this.changed = new Set();
    this.sent.clear();
    return { operators, frames, effects, watermarks: hints };
  }

  protected endFrames(): readonly FrameDraft[] {
    return [];
  }

  collectAll(): readonly OperatorDelta[] {
    return [this.#delta([...this.counts.keys()])];
  }

  #delta(words: readonly string[]): OperatorDelta {
    const changes = words.map((key) => {
      const value = this.counts.get(key);
      return { op: 'put', key, namespace: undefined, part: undefined, value } as const;
    });
    const keyed = [{ name: 'counts', kind: 'value', changes } as const];
    return {
      ...{ operator: 'words', keyed, timers: [], states: [] },
      ...{ watermark: undefined, keyGroupWatermarks: undefined },
    };
  }

  outputWatermarks(): readonly OutputWatermark[] {
    return [];
  }
  nextTimer(): number | undefined {
    return undefined;
  }
  async perform(intents: readonly SinkIntent[]): Promise<void> {
    for (const intent of intents) this.#performed(intent);
  }
  async close(): Promise<void> {
    this.closed = true;
  }

  protected get finished(): boolean {
    return this.#finished;
  }
}

/** Sends each word to its counter; a word `!` fails user code. */
export class RouterProgram extends WordProgram {
  async open(): Promise<void> {}

  override processRecords(_shard: string, records: readonly PushedRecord[]): void {
    for (const { bytes } of records) {
      const word = String(decodeValue(bytes));
      if (word === '!') throw new Error('user code does not like it');
      const target = `count/${counterOf(word)}`;
      const record = { keyGroup: counterOf(word), value: word, timestamp: this.count('all') };
      const records = this.sent.get(target) ?? [];
      records.push(record);
      this.sent.set(target, records);
    }
  }

  protected override endFrames(): readonly FrameDraft[] {
    return Array.from({ length: COUNTERS }, (_, i) => ({
      ...{ target: `count/${i}`, edge: 'e0', endOfInput: true, runs: [] },
    }));
  }
}

/** Counts words; each new count is an effect. */
export class CountProgram extends WordProgram {
  readonly #upstreams: number;
  #ended = 0;

  constructor(performed: (intent: SinkIntent) => void, upstreams: number) {
    super(performed);
    this.#upstreams = upstreams;
  }

  async open({ watermarks }: ProgramStart): Promise<void> {
    this.#ended = [...watermarks.values()].filter(({ ended }) => ended).length;
    this.inputEnded = this.#ended === this.#upstreams;
  }

  override processFrame({ runs, endOfInput }: Frame): void {
    for (const { records } of runs) {
      for (const { value } of records) {
        const word = String(value);
        this.effects.push({ operator: 'sink', committable: `${word}=${this.count(word)}` });
      }
    }
    if (endOfInput) this.#ended++;
    this.inputEnded = this.#ended === this.#upstreams;
  }
}
