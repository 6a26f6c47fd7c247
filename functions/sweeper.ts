/** The function that looks after a job once a minute. */
import { openCoordinator } from './deployed-coordinator.ts';
import { readDeployment } from './deployment-environment.ts';
import { JobSweeper } from './job-sweeper.ts';

const sweeper = new JobSweeper(openCoordinator(readDeployment()));

export async function handler(): Promise<void> {
  await sweeper.sweep();
}
