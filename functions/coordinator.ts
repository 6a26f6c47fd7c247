/** The function whose calls are the steps of the state machines. */
import middy from '@middy/core';
import { type CoordinatorEvent, runStep } from './coordinator-steps.ts';
import { openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { checkpointMetrics } from './middlewares/checkpoint-metrics.ts';
import { logFailure } from './middlewares/log-failure.ts';

const coordinator = openCoordinator(readDeployment());

/** Does one step. An error ends the step, which the machine repeats. */
export const handler = middy<CoordinatorEvent, Readonly<Record<string, unknown>>>()
  .use(logFailure())
  .use(checkpointMetrics(coordinator.deployment.job, coordinator.ports.clock))
  .handler((event) => runStep(coordinator, event));
