import type { SubtaskId } from '../core/log/subtask-id.ts';

/** What a subtask is asked to do without a record of its stream. */
export type SubtaskRequest =
  /** Send what is unsent, fire timers that are due. */
  | { readonly kind: 'tick' }
  /** Consume the next share of the inbox that a restore has written. */
  | { readonly kind: 'genesis' }
  /** End the input of a source where it stands, so that the subtask finishes; others do nothing. */
  | { readonly kind: 'drain' };

/** Runs a subtask beside its stream. Delivered at least once; may run at the same time as a batch. */
export interface SubtaskInvoker {
  invoke(subtask: SubtaskId, request: SubtaskRequest): Promise<void>;
}
