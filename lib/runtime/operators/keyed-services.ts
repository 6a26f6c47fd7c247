import { MIN_TIMESTAMP } from '../../core/time.ts';
import type { OperatorContext } from '../operator.ts';
import type { KeyedStateSnapshot } from '../snapshot.ts';
import { HeapKeyedStateBackend } from '../state/heap-keyed-state-backend.ts';
import { HeapTimerService } from '../timers/heap-timer-service.ts';
import type { TimersSnapshot, TimerTarget } from '../timers/internal-timer-service.ts';

/** State and timers of a keyed operator. */
export class KeyedServices {
  readonly backend: HeapKeyedStateBackend;
  readonly timers: HeapTimerService;
  readonly #context: OperatorContext;

  constructor(context: OperatorContext, target: TimerTarget) {
    const { operatorName, processingTime, journal, freezeState } = context;
    this.#context = context;
    this.backend = new HeapKeyedStateBackend({ operatorLabel: operatorName, journal, freeze: freezeState });
    this.timers = new HeapTimerService({ target, backend: this.backend, processingTime, journal });
  }

  /** Takes over what the operator was restored with. */
  open(): void {
    const { restored } = this.#context;
    if (restored === undefined) return;
    this.backend.restore(restored.keyed);
    this.timers.restore(restored.eventTimers, restored.processingTimers, restored.watermark ?? MIN_TIMESTAMP);
  }

  close(): void {
    this.timers.close();
  }

  snapshot(): TimersSnapshot & { readonly keyed: readonly KeyedStateSnapshot[] } {
    return { keyed: this.backend.snapshot(), ...this.timers.snapshot() };
  }
}
