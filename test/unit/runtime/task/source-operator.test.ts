import { describe, expect, it } from 'vitest';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import type {
  AnySourceRuntime,
  ReaderOutput,
  SourceReader,
  SourceSplit,
} from '../../../../lib/core/connector.ts';
import { millis } from '../../../../lib/core/duration.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import { StateImage } from '../../../../lib/protocol/state-image.ts';
import type { Input } from '../../../../lib/runtime/operator.ts';
import { SourceOperator } from '../../../../lib/runtime/task/source-operator.ts';
import { operatorContext } from '../../connectors/file/sink-context.ts';

interface TimeSplit extends SourceSplit {
  readonly times: readonly number[];
  readonly next: number;
}

/** Emits one record of the split that the test names in `turns`. */
class TurnReader implements SourceReader<number, SourceSplit> {
  readonly turns: string[] = [];
  closed = 0;
  private splits = new Map<string, TimeSplit>();
  private readonly failing: boolean;

  constructor(failing = false) {
    this.failing = failing;
  }

  async start(): Promise<void> {
    if (this.failing) throw new Error('it does not start');
  }

  pollNext(output: ReaderOutput<number>) {
    const split = this.splits.get(this.turns.shift() ?? '');
    if (split === undefined) return 'nothing-available' as const;
    const { splitId, times, next } = split;
    output.forSplit(splitId).collect(times[next]!, NO_TIMESTAMP);
    if (next + 1 < times.length) this.splits.set(splitId, { ...split, next: next + 1 });
    else {
      this.splits.delete(splitId);
      output.releaseSplit(splitId);
    }
    return 'more-available' as const;
  }

  async isAvailable(): Promise<void> {}

  addSplits(splits: readonly SourceSplit[]): void {
    // This reader only ever gets splits of this test.
    for (const split of splits as readonly TimeSplit[]) this.splits.set(split.splitId, split);
  }

  notifyNoMoreSplits(): void {}

  snapshotState(): readonly SourceSplit[] {
    return [...this.splits.values()];
  }

  currentPosition(): string {
    return '';
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

class Log implements Input {
  readonly lines: (number | string)[] = [];

  processElement(value: unknown): void {
    this.lines.push(Number(value));
  }

  processWatermark(watermark: number): void {
    this.lines.push(`wm ${watermark}`);
  }

  processWatermarkStatus(): void {}
}

class Attempt {
  readonly log = new Log();
  readonly reader: TurnReader;
  readonly source: SourceOperator;

  constructor(reader = new TurnReader()) {
    this.reader = reader;
    const runtime: AnySourceRuntime<unknown> = {
      createEnumerator: () => {
        throw new Error('unused');
      },
      createReader: () => reader,
    };
    this.source = new SourceOperator(operatorContext('source', { subtask: 0, parallelism: 1 }, this.log), {
      nodeId: 0,
      runtime,
      watermarks: WatermarkStrategy.forBoundedOutOfOrderness<unknown>(millis(5), { timestamp: Number }),
      deadLetters: { write: () => {} },
      requestSplit: () => {},
      guard: undefined,
    });
  }

  static async restored(image: StateImage): Promise<Attempt> {
    const attempt = new Attempt();
    for (const delta of structuredClone(image.deltas())) attempt.source.applyState(delta);
    await attempt.source.open();
    return attempt;
  }

  /** One batch in which these splits emit a record each. */
  batch(...turns: readonly string[]): void {
    this.reader.turns.push(...turns);
    for (let turn = 0; turn < Math.max(1, turns.length); turn++) this.source.poll(1);
    this.source.endBatch();
  }
}

const NO_CHANGE: OperatorDelta = {
  ...{ operator: 'source', keyed: [], timers: [], states: [] },
  ...{ watermark: undefined, keyGroupWatermarks: undefined },
};

const A: TimeSplit = { splitId: 'a', times: [100, 200, 300, 400], next: 0 };
const B: TimeSplit = { splitId: 'b', times: [10, 20, 30, 40], next: 0 };

async function firstAttempt(): Promise<Attempt> {
  const attempt = new Attempt();
  await attempt.source.open();
  attempt.source.reader.addSplits([A, B]);
  return attempt;
}

function changesOf(delta: OperatorDelta): readonly string[] {
  return delta.states.flatMap(({ changes }) =>
    changes.map((change) => `${change.op} ${change.op === 'clear' ? '' : change.part}`),
  );
}

describe('I9: the state of a source', () => {
  it('holds the position of every unfinished split and only what has changed', async () => {
    const attempt = await firstAttempt();
    const { source } = attempt;
    expect(changesOf(source.collectState('changes'))).toEqual(['put a', 'put b']);
    expect(changesOf(source.collectState('changes'))).toEqual([]);
    attempt.batch('a');
    expect(changesOf(source.collectState('changes'))).toEqual(['put a']);
    attempt.batch('b', 'b', 'b', 'b');
    expect(changesOf(source.collectState('all'))).toEqual(['put a']);
    expect(changesOf(source.collectState('changes'))).toEqual(['remove b']);
    expect(changesOf(source.collectState('changes'))).toEqual([]);
  });

  it('lets a new source go on behind the records of the last commit', async () => {
    const first = await firstAttempt();
    first.batch('a', 'b', 'b');
    const image = new StateImage();
    image.apply(first.source.collectState('changes'));
    first.batch('a', 'a', 'b');
    const second = await Attempt.restored(image);
    second.batch('a', 'b');
    expect(second.log.lines.filter((line) => typeof line === 'number')).toEqual([200, 30]);
  });

  it('keeps event time: a split that was behind still holds the watermark back', async () => {
    const first = await firstAttempt();
    first.batch('a', 'b', 'b');
    expect(first.log.lines.at(-1)).toBe('wm 14');
    const image = new StateImage();
    image.apply(first.source.collectState('changes'));
    const second = await Attempt.restored(image);
    second.batch('a', 'a');
    expect(second.log.lines).toEqual([200, 300, 'wm 14']);
    second.batch('b', 'b');
    expect(second.log.lines.slice(3)).toEqual([30, 40, 'wm 34', 'wm 294']);
  });

  it('forgets what a restore says of key groups, and says so once', async () => {
    const first = await firstAttempt();
    expect(first.source.collectState('all')).toMatchObject({ watermark: undefined });
    first.batch('a');
    const image = new StateImage();
    image.apply(first.source.collectState('changes'));
    const keyGroupWatermarks = [{ firstKeyGroup: 0, lastKeyGroup: 9, watermark: 77 }];
    image.apply({ ...NO_CHANGE, keyGroupWatermarks });
    const second = await Attempt.restored(image);
    image.apply(second.source.collectState('changes'));
    expect(image.deltas()).toEqual([second.source.collectState('all')]);
    expect(second.source.collectState('changes')).toEqual(NO_CHANGE);
  });

  it('emits the watermark that it had reached once more, for channels that have forgotten it', async () => {
    const first = await firstAttempt();
    first.batch('a', 'b');
    const image = new StateImage();
    image.apply(first.source.collectState('changes'));
    const second = await Attempt.restored(image);
    second.batch();
    second.batch();
    expect(second.log.lines).toEqual(['wm 4']);
  });
});

describe('the reader of a source', () => {
  it('is closed when it cannot start, and is not made before the source is opened', async () => {
    const attempt = new Attempt(new TurnReader(true));
    await attempt.source.close();
    expect(attempt.reader.closed).toBe(0);
    await expect(attempt.source.open()).rejects.toThrow('it does not start');
    await attempt.source.close();
    expect(attempt.reader.closed).toBe(1);
  });
});
