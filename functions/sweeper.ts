/** The function that looks after a job once a minute. */
import middy from '@middy/core';
import { openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { JobSweeper } from './job-sweeper.ts';
import { logFailure } from './middlewares/log-failure.ts';

const sweeper = new JobSweeper(openCoordinator(readDeployment()));

export const handler = middy()
  .use(logFailure())
  .handler(() => sweeper.sweep());
