import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TimerChange } from '../../../../lib/core/log/state-delta.ts';
import { TimeWindow } from '../../../../lib/core/window/window.ts';
import { OperatorImage } from '../../../../lib/protocol/operator-image.ts';
import { EventTime } from '../../../../lib/runtime/event-time.ts';
import { HeapKeyedStateBackend } from '../../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { UndoJournal } from '../../../../lib/runtime/task/undo-journal.ts';
import { HeapTimerService } from '../../../../lib/runtime/timers/heap-timer-service.ts';
import { ManualProcessingTime } from '../../../../lib/testing/manual-processing-time.ts';

type Step =
  | {
      readonly kind: 'register' | 'delete';
      readonly key: unknown;
      readonly time: number;
      readonly windowed: boolean;
    }
  | { readonly kind: 'advance'; readonly by: number }
  | { readonly kind: 'collect' };

const steps = fc.array(
  fc.record({
    step: fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constantFrom('register' as const, 'delete' as const),
          key: fc.constantFrom<unknown>('a', 1, ['a', 1]),
          time: fc.nat(12),
          windowed: fc.boolean(),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'collect' as const }) },
    ),
    fails: fc.boolean(),
  }),
  { maxLength: 60, size: 'max' },
);

class Timers {
  readonly clock = new ManualProcessingTime();
  readonly fired: string[] = [];
  readonly service: HeapTimerService;
  readonly #backend: HeapKeyedStateBackend;

  constructor(journal: UndoJournal | undefined) {
    const options = { journal, trackChanges: true };
    this.#backend = new HeapKeyedStateBackend({ operatorLabel: 'op', freeze: false, ...options });
    this.service = new HeapTimerService({
      target: {
        onEventTime: (time) => void this.fired.push(`event ${time} ${String(this.#backend.currentKey)}`),
        onProcessingTime: (time) =>
          void this.fired.push(`processing ${time} ${String(this.#backend.currentKey)}`),
      },
      backend: this.#backend,
      processingTime: this.clock,
      eventTime: new EventTime({ journal, maxParallelism: 128 }),
      ...options,
    });
    this.service.open();
  }

  apply(step: Exclude<Step, { kind: 'collect' }>): void {
    if (step.kind === 'advance') {
      this.service.advanceWatermark(Math.max(0, this.service.currentWatermark()) + step.by);
      return;
    }
    this.#backend.setCurrentKey(step.key);
    const window = step.windowed ? new TimeWindow(0, 5) : undefined;
    if (step.kind === 'register') {
      this.service.registerEventTimeTimer(window, step.time);
      this.service.registerProcessingTimeTimer(window, step.time);
    } else {
      this.service.deleteEventTimeTimer(window, step.time);
      this.service.deleteProcessingTimeTimer(window, step.time);
    }
  }
}

it.each([false, true])('changes of timers make up all timers, in order (failing records: %s)', (failing) => {
  fc.assert(
    fc.property(steps, (script) => {
      const journal = failing ? new UndoJournal() : undefined;
      const timers = new Timers(journal);
      const image = new OperatorImage('op');
      const collect = () => {
        apply(image, timers.service.collectState('changes'));
        const copy = new Timers(undefined);
        copy.service.applyState(image.delta()?.timers ?? []);
        expect(copy.service.collectState('all')).toEqual(timers.service.collectState('all'));
        expect(copy.service.collectState('changes')).toEqual([]);
        expect(timers.service.collectState('changes')).toEqual([]);
      };
      for (const { step, fails } of script) {
        if (step.kind === 'collect') collect();
        else if (journal !== undefined && fails) {
          const attempt = () => {
            timers.apply(step);
            timers.apply({ kind: 'advance', by: 4 });
            throw new Error('poison');
          };
          journal.guard(attempt, () => {});
        } else timers.apply(step);
      }
      collect();
    }),
  );
});

it('a timer that came and went between two collections appears nowhere', () => {
  const timers = new Timers(undefined);
  for (let time = 1; time <= 5000; time++) {
    timers.apply({ kind: 'register', key: 'a', time, windowed: false });
    timers.apply({ kind: 'delete', key: 'a', time, windowed: false });
  }
  timers.apply({ kind: 'register', key: 'b', time: 7, windowed: false });
  expect(timers.service.collectState('changes').map(({ op, key, domain }) => [op, key, domain])).toEqual([
    ['add', 'b', 'event'],
    ['add', 'b', 'processing'],
  ]);
});

function apply(image: OperatorImage, timers: readonly TimerChange[]): void {
  const nothing = { keyed: [], states: [], watermark: undefined, keyGroupWatermarks: undefined };
  image.apply({ operator: 'op', timers: structuredClone(timers), ...nothing });
}
