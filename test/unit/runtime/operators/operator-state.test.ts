import { describe, expect, it } from 'vitest';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import type { WatermarkGenerator } from '../../../../lib/core/watermark.ts';
import { createOperator } from '../../../../lib/runtime/create-operator.ts';
import { given, OperatorFixture } from './operator-fixture.ts';

class Highest implements WatermarkGenerator<unknown> {
  #highest = 0;

  onEvent(_value: unknown, timestamp: number): void {
    this.#highest = Math.max(this.#highest, timestamp);
  }

  onPeriodicEmit(): void {}

  snapshotState(): unknown {
    return { highest: this.#highest };
  }

  restoreState(state: unknown): void {
    // What `snapshotState` answered.
    this.#highest = (state as { highest: number }).highest;
  }
}

function openGenerator(): Promise<OperatorFixture> {
  const watermarks = {
    createGenerator: () => new Highest(),
    timestampAssigner: (value: unknown) => Number(value),
    idleTimeoutMs: undefined,
    emit: 'periodic',
    description: 'highest',
  } as const;
  return OperatorFixture.open((context) =>
    createOperator({ kind: 'timestampsAndWatermarks', watermarks }, context),
  );
}

function generatorOf({ states }: OperatorDelta): unknown {
  return states.flatMap(({ name, redistribution, changes }) => [name, redistribution, ...changes]);
}

describe('state of operators', () => {
  it('of a watermark generator is told when it has changed, and restored', async () => {
    const fixture = await openGenerator();
    await fixture.run([{ element: 7 }]);
    const value = { highest: 7 };
    const told = ['generator', 'subtask', { op: 'put', part: 'generator', value }];
    expect(generatorOf(fixture.operator.collectState('changes'))).toEqual(told);
    expect(generatorOf(fixture.operator.collectState('changes'))).toEqual([]);
    await fixture.restart(fixture.snapshot());
    expect(generatorOf(fixture.operator.collectState('changes'))).toEqual([]);
    expect(generatorOf(fixture.operator.collectState('all'))).toEqual(told);
  });

  it('changes are refused where they are not tracked', async () => {
    const fixture = await OperatorFixture.open((context) =>
      createOperator(
        { kind: 'map', fn: given({ map: (x: unknown) => x }) },
        { ...context, trackChanges: false },
      ),
    );
    expect(fixture.operator.collectState('all').operator).toBe('uid');
    expect(() => fixture.operator.collectState('changes')).toThrow(
      expect.objectContaining({ code: 'INVARIANT' }),
    );
  });

  it('an open operator takes in what another process has changed', async () => {
    const open = () =>
      OperatorFixture.open((context) =>
        createOperator(
          {
            kind: 'keyedReduce',
            keySelector: () => 'k',
            fn: given({ reduce: (a: unknown, b: unknown) => Number(a) + Number(b) }),
          },
          context,
        ),
      );
    const [one, other] = [await open(), await open()];
    await one.run([{ element: 1 }, { watermark: 4 }]);
    other.operator.applyState(structuredClone(one.operator.collectState('changes')));
    await other.run([{ element: 2 }, { watermark: 3 }, { watermark: 5 }]);
    expect(other.emitted).toEqual([{ record: 3 }, { watermark: 5 }]);
    one.operator.applyState(structuredClone(other.operator.collectState('changes')));
    expect(one.snapshot()).toEqual(other.snapshot());
    expect(one.operator.collectState('changes')).toMatchObject({ keyed: [], watermark: undefined });
  });
});
