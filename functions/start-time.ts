/**
 * When a job was deployed first. The time is the name of the resource, which keeps it for life: every update
 * answers with the name it is told.
 */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { answerCloudFormation } from './resource-response.ts';

/** Answers CloudFormation with the attribute `Seconds`, since the epoch. */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const seconds =
    event.RequestType === 'Create' ? String(Math.floor(Date.now() / 1000)) : event.PhysicalResourceId;
  await answerCloudFormation(event, { physicalResourceId: seconds, data: { Seconds: seconds } });
}
