/** The function behind the custom resource whose life is that of a job's runs. */

import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { logFailure } from './middlewares/log-failure.ts';
import { answerRunRequest } from './run-lifecycle.ts';

export const handler = middy<CloudFormationCustomResourceEvent, void>()
  .use(logFailure())
  .handler((event, context: Context) =>
    answerRunRequest(() => openCoordinator(readDeployment()), event, {
      deadline: Date.now() + context.getRemainingTimeInMillis(),
    }),
  );
