/**
 * Epochs: a logical clock that colours versions and frames, so that a checkpoint needs no barrier.
 *
 * 1. (I10) A version is never of a lower epoch than the version before it or a frame that it consumed.
 * 2. (I11) The state of a subtask at checkpoint n is its last version of an epoch below n.
 */

/** `head` is the epoch of the version before. */
export function epochOf(head: number, consumedFrames: readonly number[]): number {
  return consumedFrames.reduce((highest, epoch) => Math.max(highest, epoch), head);
}

/** The version that belongs to checkpoint `n`; 0 if the subtask had none. `items` are in order. */
export function snapshotVersion(
  n: number,
  items: readonly { readonly version: number; readonly epoch: number }[],
): number {
  let last = 0;
  for (const { version, epoch } of items) {
    if (epoch >= n) break;
    last = version;
  }
  return last;
}
