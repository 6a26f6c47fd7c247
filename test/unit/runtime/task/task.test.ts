import { describe, expect, it } from 'vitest';
import { MemoryChannel } from '../../../../lib/adapters/memory/memory-channel.ts';
import type { StateScope } from '../../../../lib/core/connector.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { MAX_WATERMARK, NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import type { Batch } from '../../../../lib/ports/channel.ts';
import { EventTime } from '../../../../lib/runtime/event-time.ts';
import type { Input, Operator, OperatorIdentity } from '../../../../lib/runtime/operator.ts';
import { ExchangeOutput } from '../../../../lib/runtime/task/exchange-output.ts';
import { Task } from '../../../../lib/runtime/task/task.ts';
import { TaskTimeService } from '../../../../lib/runtime/task/task-time-service.ts';

/** Keeps the last record and its event time; a record that is 'broken' breaks its state. */
class KeepsLast implements Operator, Input {
  readonly inputs: readonly [Input] = [this];
  readonly #id: string;
  readonly #output: Input;
  readonly #eventTime = new EventTime({ journal: undefined, maxParallelism: 128 });
  #last: unknown;
  #changed = false;

  constructor(id: string, output: Input) {
    this.#id = id;
    this.#output = output;
  }

  get last(): unknown {
    return this.#last;
  }

  processElement(value: unknown, timestamp: number): void {
    this.#last = value;
    this.#changed = true;
    this.#output.processElement(value, timestamp);
  }

  processWatermark(watermark: number): void {
    this.#eventTime.advance(watermark);
    this.#output.processWatermark(watermark);
  }

  processWatermarkStatus(): void {}

  collectState(scope: StateScope): OperatorDelta {
    if (this.#last === 'broken') throw new Error('state that cannot be told');
    const isTold = scope === 'all' ? this.#last !== undefined : this.#changed;
    if (scope === 'changes') this.#changed = false;
    const change = { op: 'put', part: 'last', value: this.#last } as const;
    return {
      ...{ operator: this.#id, keyed: [], timers: [] },
      states: isTold ? [{ name: 'last', redistribution: 'split', changes: [change] }] : [],
      ...this.#eventTime.collect(scope),
    };
  }

  applyState(delta: OperatorDelta): void {
    this.#eventTime.apply(delta);
    for (const change of delta.states.flatMap(({ changes }) => changes)) {
      if (change.op === 'put') this.#last = change.value;
    }
  }

  open(): void {}
  close(): void {}
}

const ids = ['first', 'second'] as const;

/** Two operators in a chain; each feeds a channel of its own, the second the end of the chain. */
class TwoOperators {
  readonly input = new MemoryChannel();
  readonly outputs = { first: new MemoryChannel(), second: new MemoryChannel() };
  readonly operators: Readonly<Record<(typeof ids)[number], KeepsLast>>;
  readonly task: Task;

  constructor() {
    const cursor = { operator: undefined };
    const exchangeOf = (id: (typeof ids)[number]) =>
      new ExchangeOutput({
        channels: [this.outputs[id]],
        select: () => 0,
        journal: undefined,
        cursor,
        downstream: identityOf('downstream'),
      });
    const exchanges = { first: exchangeOf('first'), second: exchangeOf('second') };
    const second = new KeepsLast('second', exchanges.second);
    const first = new KeepsLast('first', both(second, exchanges.first));
    this.operators = { first, second };
    this.task = new Task({
      name: 'the task',
      operators: ids.map((id) => ({
        operator: this.operators[id],
        identity: identityOf(id),
        stateId: id,
        exchanges: [exchanges[id]],
      })),
      exchanges: [exchanges.first, exchanges.second],
      channels: [{ channel: this.input, input: first, label: 'the input' }],
      gates: [],
      time: new TaskTimeService({ now: () => 0, sleep: async () => {} }),
      cursor,
    });
  }

  static async restored(deltas: readonly OperatorDelta[]): Promise<TwoOperators> {
    const two = new TwoOperators();
    two.task.applyState(deltas);
    await two.task.open();
    return two;
  }

  run(value: unknown, watermark: number): void {
    const controls = [{ kind: 'watermark', at: 1, watermark }] as const;
    this.input.offer({ values: [value], timestamps: [NO_TIMESTAMP], controls });
    expect(this.task.runBatch(false)).toBe(true);
  }

  /** The watermarks that wait in the channel of an operator. */
  watermarks(id: (typeof ids)[number]): readonly number[] {
    const found: number[] = [];
    for (let batch = this.#next(id); batch !== undefined; batch = this.#next(id)) {
      for (const control of batch.controls) if (control.kind === 'watermark') found.push(control.watermark);
    }
    return found;
  }

  #next(id: (typeof ids)[number]): Batch | undefined {
    return this.outputs[id].poll();
  }
}

function both(left: Input, right: Input): Input {
  return {
    processElement: (value, timestamp) => {
      left.processElement(value, timestamp);
      right.processElement(value, timestamp);
    },
    processWatermark: (watermark) => {
      left.processWatermark(watermark);
      right.processWatermark(watermark);
    },
    processWatermarkStatus: () => {},
  };
}

function identityOf(name: string): OperatorIdentity {
  return { operatorName: name, operatorUid: name, location: `job.ts:${name}`, onError: 'fail' };
}

function operatorsOf(deltas: readonly OperatorDelta[]): readonly string[] {
  return deltas.map(({ operator }) => operator);
}

describe('I9: the state of a task', () => {
  it('names only the operators that have changed, and all that have any', async () => {
    const two = await TwoOperators.restored([]);
    expect(two.task.collectState('all')).toEqual([]);
    two.run('a', 10);
    expect(operatorsOf(two.task.collectState('changes'))).toEqual(['first', 'second']);
    expect(two.task.collectState('changes')).toEqual([]);
    two.operators.second.processElement('b', NO_TIMESTAMP);
    expect(operatorsOf(two.task.collectState('changes'))).toEqual(['second']);
    expect(operatorsOf(two.task.collectState('all'))).toEqual(['first', 'second']);
  });

  it('makes the same task of a new one, where it does not count as a change', async () => {
    const two = await TwoOperators.restored([]);
    two.run('a', 10);
    const deltas = structuredClone(two.task.collectState('all'));
    const again = await TwoOperators.restored(deltas);
    expect(again.task.collectState('changes')).toEqual([]);
    expect(again.task.collectState('all')).toEqual(deltas);
  });

  it('may come from another writer between batches', async () => {
    const [two, other] = [await TwoOperators.restored([]), await TwoOperators.restored([])];
    two.run('a', 10);
    other.task.applyState(structuredClone(two.task.collectState('changes')));
    expect([other.operators.first.last, other.operators.second.last]).toEqual(['a', 'a']);
    expect(other.watermarks('second')).toEqual([]);
    expect(other.task.collectState('changes')).toEqual([]);
  });

  it('of an operator that it lacks is refused', () => {
    const delta = { ...new TwoOperators().operators.first.collectState('all'), operator: 'third' };
    expect(() => new TwoOperators().task.applyState([delta])).toThrow("the task has no operator 'third'");
  });

  it('that cannot be told is blamed on its operator', async () => {
    const two = await TwoOperators.restored([]);
    two.operators.second.processElement('broken', NO_TIMESTAMP);
    expect(() => two.task.collectState('changes')).toThrow(
      /^Operator 'second'.*failed on collecting its state: state that cannot be told$/,
    );
  });
});

describe('I14: watermarks after a restore', () => {
  const watermarkOf = (operator: string, watermark: number): OperatorDelta => ({
    ...new TwoOperators().operators.first.collectState('all'),
    ...{ operator, watermark },
  });

  it('are sent once more by each operator to its own channels, before any record', async () => {
    const two = await TwoOperators.restored([watermarkOf('first', 20), watermarkOf('second', 15)]);
    expect([two.watermarks('first'), two.watermarks('second')]).toEqual([[20], [15]]);
    two.run('a', 30);
    expect([two.watermarks('first'), two.watermarks('second')]).toEqual([[30], [30]]);
  });

  it('are the last of all that were applied, the end of the input too', async () => {
    const two = await TwoOperators.restored([
      watermarkOf('second', 15),
      watermarkOf('second', 40),
      watermarkOf('first', MAX_WATERMARK),
    ]);
    expect([two.watermarks('first'), two.watermarks('second')]).toEqual([[MAX_WATERMARK], [40]]);
  });

  it('are not sent by an operator that had none', async () => {
    const two = await TwoOperators.restored([watermarkOf('first', 20)]);
    expect(two.watermarks('second')).toEqual([]);
  });
});
