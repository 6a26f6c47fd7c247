import { LIMITS } from '../core/limits.ts';
import type { SubtaskId } from '../core/log/subtask-id.ts';
import { readPayload } from '../ports/stored-objects.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { isVoid } from './subtask-fold.ts';
import { readItems } from './subtask-reader.ts';

/**
 * True if a subtask has done something behind version `since`. Epochs, seals and the note that everything
 * has been sent are nothing: what follows a checkpoint is no reason for the next.
 */
export async function hasMoved(
  ports: Pick<CoordinatorPorts, 'log' | 'objects'>,
  subtask: SubtaskId,
  { since, head }: { readonly since: number; readonly head: number },
): Promise<boolean> {
  if (head === since) return false;
  if (head - since > LIMITS.quietItemsMax) return true;
  const items = await readItems(ports, subtask, { from: since + 1 });
  if (items === 'overrun') return true;
  for (const item of items) {
    if (!isVoid(await readPayload(ports.objects, item))) return true;
  }
  return false;
}
