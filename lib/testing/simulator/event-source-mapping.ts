/**
 * Reads one shard for one subtask and invokes its function: batch by batch, in order, until each succeeds.
 *
 * 1. It moves only past records that the function reported as processed.
 * 2. After a failure it comes back with other boundaries, beginning where the failure began.
 * 3. A shard that follows others is read only when those are read to their ends.
 * 4. It may lose sight of an invocation and start another while the first still runs.
 */
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import type { FaultMix } from './fault-mix.ts';
import type { FunctionInput, FunctionResult } from './function-pool.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Shard, ShardRecord } from './shard.ts';

export interface MappingOptions {
  readonly shard: Shard;
  readonly subtask: SubtaskId;
  readonly scheduler: Scheduler;
  readonly faults: () => FaultMix;
  /** Index of the first record to read. */
  readonly from: number;
  readonly invoke: (
    subtask: SubtaskId,
    input: FunctionInput,
    done: (outcome: FunctionResult) => void,
  ) => void;
  /** False while shards before this one are not read to their ends. */
  readonly mayRead: () => boolean;
  /** Is told whenever everything has been processed. */
  readonly drained: () => void;
  /** Is told how far it has moved. */
  readonly moved: (subtask: SubtaskId, shard: string, sequenceNumber: string) => void;
}

export class EventSourceMapping {
  readonly #options: MappingOptions;
  readonly #random: SeededRandom;
  #index: number;
  /** Number of the delivery whose outcome counts; 0 if none is under way. */
  #awaited = 0;
  #deliveries = 0;
  #pollPlanned = false;
  #failures = 0;
  #state: 'enabled' | 'paused' | 'deleted' = 'enabled';

  constructor(options: MappingOptions) {
    this.#options = options;
    this.#random = options.scheduler.random.fork();
    this.#index = options.from;
  }

  /** True if every record of the shard has been processed. */
  get caughtUp(): boolean {
    return this.#index >= this.#options.shard.length;
  }

  /** True if every record has been processed and none will come. */
  get finished(): boolean {
    return this.#options.shard.closed && this.caughtUp;
  }

  /** Stops reading for good; what runs goes on, but its outcome counts no more. */
  delete(): void {
    this.#state = 'deleted';
    this.#awaited = 0;
  }

  /** Stops reading for a while. */
  pause(): void {
    if (this.#state === 'enabled') this.#state = 'paused';
  }

  resume(): void {
    if (this.#state === 'paused') this.#state = 'enabled';
    this.notice();
  }

  /** There may be something to read. */
  notice(): void {
    if (this.#pollPlanned || this.#awaited !== 0 || this.#state !== 'enabled' || this.caughtUp) return;
    if (!this.#options.mayRead()) return;
    this.#pollPlanned = true;
    const backoffMs = Math.min(60_000, 500 * 2 ** Math.min(this.#failures, 8));
    const delayMs = this.#failures === 0 ? this.#random.spread(5, 2000) : backoffMs;
    this.#options.scheduler.after(delayMs, () => this.#poll());
  }

  #poll(): void {
    this.#pollPlanned = false;
    if (this.#awaited !== 0 || this.#state !== 'enabled' || this.caughtUp) return;
    const { batchRecordsMax } = this.#options.faults();
    this.#deliver(this.#options.shard.read(this.#index, this.#random.between(1, batchRecordsMax)));
  }

  #deliver(records: readonly ShardRecord[]): void {
    const { shard, subtask, scheduler, faults, invoke } = this.#options;
    const delivery = ++this.#deliveries;
    this.#awaited = delivery;
    invoke(subtask, { kind: 'batch', shard: shard.name, records }, (outcome) => {
      if (this.#awaited !== delivery) return;
      this.#awaited = 0;
      this.#settle(records, outcome);
    });
    if (!this.#random.chance(faults().doubleDelivery)) return;
    scheduler.after(this.#random.spread(10, 20_000), () => {
      if (this.#awaited !== delivery) return;
      scheduler.log('mapping', `loses sight of a batch of ${shard.name}`);
      this.#awaited = 0;
      this.#poll();
    });
  }

  #settle(records: readonly ShardRecord[], outcome: FunctionResult): void {
    const processed = processedOf(records, outcome);
    this.#failures = processed === records.length ? 0 : this.#failures + 1;
    this.#index += processed;
    const last = records[processed - 1];
    const { shard, subtask, moved, drained } = this.#options;
    if (last !== undefined) moved(subtask, shard.name, last.sequenceNumber);
    if (this.caughtUp) drained();
    this.notice();
  }
}

function processedOf(records: readonly ShardRecord[], outcome: FunctionResult): number {
  if (outcome.kind === 'success') return records.length;
  const first = records.findIndex(({ sequenceNumber }) => sequenceNumber === outcome.firstFailed);
  // As the service does with an identifier it does not know: everything is delivered again.
  return Math.max(0, first);
}
