/**
 * When a job was deployed first. The time is the name of the resource, which keeps it for life: every update
 * answers with the name it is told.
 */
import middy from '@middy/core';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { logFailure } from './middlewares/log-failure.ts';
import { answerCloudFormation } from './resource-response.ts';

/** Answers CloudFormation with the attribute `Seconds`, since the epoch. */
export const handler = middy<CloudFormationCustomResourceEvent, void>()
  .use(logFailure())
  .handler(async (event) => {
    const seconds =
      event.RequestType === 'Create' ? String(Math.floor(Date.now() / 1000)) : event.PhysicalResourceId;
    await answerCloudFormation(event, { physicalResourceId: seconds, data: { Seconds: seconds } });
  });
