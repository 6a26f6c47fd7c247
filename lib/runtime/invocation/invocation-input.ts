import type { SubtaskId } from '../../core/log/subtask-id.ts';
import type { SubtaskRequest } from '../../ports/subtask-invoker.ts';
import type { ShardChange } from './subtask-program.ts';

/** A record as a stream delivers it. */
export interface DeliveredRecord {
  readonly shardId: string;
  /** Decimal digits. */
  readonly sequenceNumber: string;
  readonly bytes: Uint8Array;
  /** When the stream took it. Unit: ms since the epoch. */
  readonly arrivedAt: number;
  /** Nothing follows in the shard, for good. */
  readonly endOfShard?: boolean;
}

/** What a subtask is told by the process that serves it. */
export type InvocationRequest = SubtaskRequest | ({ readonly kind: 'reshard' } & ShardChange);

export interface InvocationInput {
  readonly subtask: SubtaskId;
  /** In the order of their shards. */
  readonly records: readonly DeliveredRecord[];
  readonly request: InvocationRequest | undefined;
  /** When the process is stopped. Unit: ms since the epoch. */
  readonly deadline: number;
}

/**
 * What is told to the stream. After a failure `firstUncommitted` and everything behind it has to be delivered
 * again; undefined if all records are done with or there were none.
 */
export type InvocationOutcome =
  | { readonly kind: 'success' }
  | {
      readonly kind: 'failed';
      readonly firstUncommitted: string | undefined;
      readonly error: unknown;
    };
