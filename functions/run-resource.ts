/** The function behind the custom resource whose life is that of a job's runs. */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { answerRunRequest } from './run-lifecycle.ts';

export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  await answerRunRequest(() => openCoordinator(readDeployment()), event);
}
