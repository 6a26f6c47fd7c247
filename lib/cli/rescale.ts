import { spawn } from 'node:child_process';
import { PARALLELISM_CONTEXT } from '../core/deployment.ts';
import { messageOf, UserError } from '../core/errors.ts';
import type { DeployedJobNames } from '../deployed/deployed-jobs.ts';
import type { CommandContext } from './command-context.ts';

export interface Rescale {
  readonly names: DeployedJobNames;
  readonly parallelism: number;
  /** For `cdk deploy`. */
  readonly words: readonly string[];
}

/**
 * Deploys the stack of a job by the CDK app of this folder; what the CDK says goes to standard error.
 *
 * Throws UserError EXECUTION_FAILED if the deployment fails.
 */
export async function deployWith(
  { cwd }: CommandContext,
  { names: { job, stack }, parallelism, words }: Rescale,
): Promise<void> {
  const context = `${PARALLELISM_CONTEXT}${job}=${parallelism}`;
  const command = ['cdk', 'deploy', stack, '--context', context, ...words];
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('npx', command, { cwd, stdio: ['inherit', 2, 2] });
    child.on('error', (cause) =>
      reject(new UserError('EXECUTION_FAILED', `npx cannot be run: ${messageOf(cause)}`, { cause })),
    );
    child.on('close', resolve);
  });
  if (exitCode === 0) return;
  throw new UserError(
    'EXECUTION_FAILED',
    `npx ${command.join(' ')} ended with ${exitCode}, see above. The job goes on as it was, or is taken ` +
      'back to that by CloudFormation.',
  );
}
