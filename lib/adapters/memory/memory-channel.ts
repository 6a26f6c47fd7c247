import { LIMITS } from '../../core/limits.ts';
import type { Batch, Channel } from '../../ports/channel.ts';

/** Channel between two subtasks of one process: a queue of LIMITS.channelBatchesMax batches. */
export class MemoryChannel implements Channel {
  #batches: Batch[] = [];

  hasCapacity(): boolean {
    return this.#batches.length < LIMITS.channelBatchesMax;
  }

  offer(batch: Batch): void {
    this.#batches.push(batch);
  }

  poll(): Batch | undefined {
    return this.#batches.shift();
  }

  isEmpty(): boolean {
    return this.#batches.length === 0;
  }
}
