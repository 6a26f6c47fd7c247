import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { EventTime } from '../event-time.ts';
import type { OperatorContext } from '../operator.ts';
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts';
import { createKeyedStateBackend } from '../state/keyed-state-backend-factory.ts';
import { HeapTimerService } from '../timers/heap-timer-service.ts';
import type { TimerTarget } from '../timers/internal-timer-service.ts';

/** State and timers of a keyed operator. */
export class KeyedServices {
  readonly backend: KeyedStateBackend;
  readonly timers: HeapTimerService;

  constructor(context: OperatorContext, eventTime: EventTime, target: TimerTarget) {
    const { processingTime, journal, trackChanges } = context;
    this.backend = createKeyedStateBackend(context);
    const { backend } = this;
    this.timers = new HeapTimerService({ target, backend, processingTime, eventTime, journal, trackChanges });
    context.keyedRows?.attachTimers?.(this.timers);
  }

  open(): void {
    this.timers.open();
  }

  close(): void {
    this.timers.close();
  }

  applyState({ keyed, timers }: OperatorDelta): void {
    this.backend.applyState(keyed);
    this.timers.applyState(timers);
  }
}
