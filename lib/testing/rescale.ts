import { UserError } from '../core/errors.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import { StateImage } from '../protocol/state-image.ts';
import { splitState } from '../protocol/state-split.ts';
import { deltaOf, snapshotOf } from '../runtime/snapshot.ts';
import type { HarnessSnapshot } from './stream-operator-test-harness.ts';

/** The operator after a rescale. */
export interface RescaleTarget {
  readonly parallelism: number;
  /** Of the operator before and after. @default 128 */
  readonly maxParallelism?: number;
}

const MAX_PARALLELISM = 128;

/**
 * Distributes the snapshots of an operator's subtasks over another number of subtasks: each key's state and
 * timers go to the subtask that owns its key group. The watermark of each is the lowest of all; keys that had
 * come further stay there.
 *
 * Throws UserError STATE_INCOMPATIBLE if a subtask has state that does not belong to keys.
 * Source Flink's repackageState and repartitionOperatorState of its test harness.
 * @example
 * const before = ProcessFunctionTestHarnesses.forKeyedProcessFunction<string, string, string>(
 *   (word, context) => context.timerService.registerEventTimeTimer(10),
 *   (word) => word,
 * );
 * await before.open();
 * for (const word of ['a', 'b']) before.processElement(word, 1);
 * const parts = rescale([before.snapshot()], { parallelism: 2 });
 * const timers = parts.map((part) => part.eventTimers.map(({ key }) => key));
 * // timers is [['b'], ['a']]
 */
export function rescale(
  snapshots: readonly HarnessSnapshot[],
  { parallelism, maxParallelism = MAX_PARALLELISM }: RescaleTarget,
): readonly HarnessSnapshot[] {
  for (const { operatorState } of snapshots) requireKeyedOnly(operatorState);
  const images = snapshots.map((snapshot) => {
    const image = new StateImage();
    image.apply(deltaOf(snapshot));
    return image;
  });
  const parts = splitState(images, { maxParallelism, newParallelism: parallelism });
  return parts.map(([delta]) => snapshotOf(delta ?? nothingOf(snapshots[0]?.uid ?? '')));
}

/** Operators without any state have no delta. */
function nothingOf(operator: string): OperatorDelta {
  const nothing = { keyed: [], timers: [], states: [], watermark: undefined, keyGroupWatermarks: undefined };
  return { operator, ...nothing };
}

function requireKeyedOnly(operatorState: HarnessSnapshot['operatorState']): void {
  const names = operatorState
    .filter(({ redistribution }) => redistribution !== 'subtask')
    .map(({ name }) => name);
  if (names.length === 0) return;
  throw new UserError(
    'STATE_INCOMPATIBLE',
    `The snapshot has operator state ${names.join(', ')}, which no key owns; rescale operators with keyed ` +
      'state only.',
  );
}
