import type { MiddlewareObj } from '@middy/core';
import type { MetricName } from '../../lib/core/metric-names.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { CoordinatorEvent } from '../coordinator-steps.ts';
import { putMetrics } from './job-metrics.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Reports what became of checkpoints as metrics of the job; nothing for a step that decided none. */
export function checkpointMetrics(
  job: string,
  clock: Pick<Clock, 'now'>,
): MiddlewareObj<CoordinatorEvent, Answer> {
  return {
    after: ({ event, response }) =>
      putMetrics({ job, values: decided(event.step, response ?? {}, clock.now()) }),
  };
}

function decided(
  step: CoordinatorEvent['step'],
  { kind, createdAt, now: isNew }: Answer,
  now: number,
): readonly (readonly [MetricName, number])[] {
  if (step !== 'conclude-checkpoint' && step !== 'abort-checkpoint') return [];
  // Who aborted it before has reported that.
  if (kind === 'aborted') return isNew === true ? [['numberOfFailedCheckpoints', 1]] : [];
  // What an abort found complete was reported when it was concluded.
  if (step === 'abort-checkpoint' || kind !== 'complete') return [];
  return [
    ['numberOfCompletedCheckpoints', 1],
    ['lastCheckpointDuration', Math.max(0, now - Number(createdAt))],
  ];
}
