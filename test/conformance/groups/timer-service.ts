/** TimerService: the internal timer service by itself; namespaces are windows that stand for their names. */
import { TimeWindow, type Window } from '../../../lib/core/window/window.ts';
import { EventTime } from '../../../lib/runtime/event-time.ts';
import { HeapKeyedStateBackend } from '../../../lib/runtime/state/heap-keyed-state-backend.ts';
import { HeapTimerService } from '../../../lib/runtime/timers/heap-timer-service.ts';
import { ManualProcessingTime } from '../../../lib/testing/manual-processing-time.ts';
import { requireEqual } from '../comparison.ts';
import { asFields, asList, type Fields, integerField, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { canonicalTime, decodeTime, encodeTime } from '../numbers.ts';
import { CannotExpress, Difference } from '../verdict.ts';

export function runTimerService(golden: GoldenCase): void {
  requireKnownFields(golden.config, [], 'config');
  const subject = new TimerSubject();
  for (const [index, step] of golden.steps.entries()) subject.apply(step, index);
  const expected = golden.expected.map(expectedTimer);
  // A case without expectations checks processing-time timers by their counts alone.
  requireEqual(golden.order, expected, expected.length === 0 ? subject.firedEventTimers : subject.fired);
}

function expectedTimer(item: Fields): Fields {
  requireKnownFields(item, ['timer'], 'expected timer');
  const [key, namespace, time, ...more] = asList(item.timer, 'timer');
  if (more.length > 0) throw new CannotExpress(`timer ${JSON.stringify(item.timer)}`);
  return { timer: [key, namespace, canonicalTime(time)] };
}

class TimerSubject {
  readonly fired: Fields[] = [];
  readonly firedEventTimers: Fields[] = [];
  readonly #clock = new ManualProcessingTime();
  readonly #backend = new HeapKeyedStateBackend({
    operatorLabel: 'timers',
    journal: undefined,
    freeze: true,
    trackChanges: true,
  });
  readonly #namespaces = new Map<string, Window>();
  #timers = this.#newService();

  apply(step: Fields, index: number): void {
    const [kind, ...more] = Object.keys(step).filter((name) => name !== 'note');
    if (kind === undefined) return;
    if (more.length > 0) throw new CannotExpress(`step ${JSON.stringify(step)}`);
    switch (kind) {
      case 'setKey':
        this.#backend.setCurrentKey(step.setKey);
        break;
      case 'watermark':
        this.#timers.advanceWatermark(decodeTime(step.watermark));
        break;
      case 'processingTime':
        this.#clock.advanceTo(decodeTime(step.processingTime));
        break;
      case 'expectCounts':
        this.#requireCounts(asFields(step.expectCounts, 'expectCounts'), index);
        break;
      case 'snapshotRestore':
        this.#snapshotRestore();
        break;
      default:
        this.#changeTimer(kind, step[kind]);
        break;
    }
  }

  #changeTimer(kind: string, timer: unknown): void {
    const [name, golden] = asList(timer, kind);
    const window = this.#namespace(name);
    const time = decodeTime(golden);
    if (kind === 'registerEventTimer') this.#timers.registerEventTimeTimer(window, time);
    else if (kind === 'deleteEventTimer') this.#timers.deleteEventTimeTimer(window, time);
    else if (kind === 'registerProcTimer') this.#timers.registerProcessingTimeTimer(window, time);
    else if (kind === 'deleteProcTimer') this.#timers.deleteProcessingTimeTimer(window, time);
    else throw new CannotExpress(`step ${kind}`);
  }

  #requireCounts(counts: Fields, index: number): void {
    for (const name of Object.keys(counts)) {
      const wanted = integerField(counts, name, 'expectCounts');
      const actual = this.#count(name);
      if (wanted !== actual)
        throw new Difference(`step ${index}: ${name} timers: expected ${wanted}, actual ${actual}`);
    }
  }

  #count(name: string): number {
    if (name === 'physical') return this.#clock.numPendingCallbacks;
    const window = name === 'total' ? undefined : this.#namespace(name);
    return this.#timers.numEventTimeTimers(window) + this.#timers.numProcessingTimeTimers(window);
  }

  #snapshotRestore(): void {
    const timers = this.#timers.collectState('all');
    this.#timers.close();
    this.#timers = this.#newService();
    this.#timers.applyState(timers);
    this.#timers.open();
  }

  #newService(): HeapTimerService {
    return new HeapTimerService({
      target: {
        onEventTime: (time, window) => {
          const timer = this.#goldenTimer(time, window);
          this.firedEventTimers.push(timer);
          this.fired.push(timer);
        },
        onProcessingTime: (time, window) => void this.fired.push(this.#goldenTimer(time, window)),
      },
      backend: this.#backend,
      processingTime: this.#clock,
      eventTime: new EventTime({ journal: undefined, maxParallelism: 128 }),
      journal: undefined,
      trackChanges: true,
    });
  }

  #goldenTimer(time: number, window: Window | undefined): Fields {
    const start = window instanceof TimeWindow ? window.start : -1;
    return { timer: [this.#backend.currentKey, [...this.#namespaces.keys()][start], encodeTime(time)] };
  }

  /** Window of a name: its start is the index of the name. */
  #namespace(name: unknown): Window {
    if (typeof name !== 'string') throw new CannotExpress(`namespace ${JSON.stringify(name)}`);
    let window = this.#namespaces.get(name);
    if (window === undefined) {
      window = new TimeWindow(this.#namespaces.size, this.#namespaces.size + 1);
      this.#namespaces.set(name, window);
    }
    return window;
  }
}
