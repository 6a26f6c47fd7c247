import { UserError } from '../core/errors.ts';
import { keyGroupOf } from '../core/key.ts';
import { operatorIndexForKeyGroup } from '../core/key-groups.ts';
import { MIN_TIMESTAMP } from '../core/time.ts';
import type { HarnessSnapshot } from './stream-operator-test-harness.ts';

/** The operator after a rescale. */
export interface RescaleTarget {
  readonly parallelism: number;
  /** Of the operator before and after. @default 128 */
  readonly maxParallelism?: number;
}

const MAX_PARALLELISM = 128;
/** Of two-input operators; without it both inputs start at the watermark of the operator. */
const INPUT_WATERMARKS = 'inputs';

/**
 * Distributes the snapshots of an operator's subtasks over another number of subtasks: each key's state and
 * timers go to the subtask that owns its key group. The watermark of each is the lowest of all.
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
  target: RescaleTarget,
): readonly HarnessSnapshot[] {
  for (const { operatorState } of snapshots) requireKeyedOnly(operatorState);
  return Array.from({ length: target.parallelism }, (_, subtask) => partOf(snapshots, target, subtask));
}

function partOf(
  snapshots: readonly HarnessSnapshot[],
  { parallelism, maxParallelism = MAX_PARALLELISM }: RescaleTarget,
  subtask: number,
): HarnessSnapshot {
  const isOwn = ({ key }: { readonly key: unknown }): boolean =>
    operatorIndexForKeyGroup(maxParallelism, parallelism, keyGroupOf(key, maxParallelism)) === subtask;
  return structuredClone({
    uid: snapshots[0]?.uid,
    keyed: snapshots.flatMap(({ keyed }) =>
      keyed.map((state) => ({ ...state, entries: state.entries.filter(isOwn) })),
    ),
    eventTimers: snapshots.flatMap(({ eventTimers }) => eventTimers.filter(isOwn)),
    processingTimers: snapshots.flatMap(({ processingTimers }) => processingTimers.filter(isOwn)),
    watermark:
      snapshots.length === 0 ? MIN_TIMESTAMP : Math.min(...snapshots.map(({ watermark }) => watermark)),
    operatorState: {},
  });
}

function requireKeyedOnly(operatorState: HarnessSnapshot['operatorState']): void {
  const names = Object.keys(operatorState).filter((name) => name !== INPUT_WATERMARKS);
  if (names.length === 0) return;
  throw new UserError(
    'STATE_INCOMPATIBLE',
    `The snapshot has operator state ${names.join(', ')}, which no key owns; rescale operators with keyed ` +
      'state only.',
  );
}
