/** The function whose calls are the steps of the state machines. */
import middy from '@middy/core';
import { type CoordinatorEvent, runStep } from './coordinator-steps.ts';
import { openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { putMetrics } from './middlewares/job-metrics.ts';
import { logFailure } from './middlewares/log-failure.ts';

const coordinator = openCoordinator(readDeployment());

/** Does one step. An error ends the step, which the machine repeats. */
export const handler = middy<CoordinatorEvent, Readonly<Record<string, unknown>>>()
  .use(logFailure())
  .handler(async (event) => {
    const answer = await runStep(coordinator, event);
    if (event.step === 'conclude-checkpoint' && answer.kind === 'complete') {
      await putMetrics(coordinator.deployment.job, [['numberOfCompletedCheckpoints', 1]]);
    }
    return answer;
  });
