import type { Deployment } from '../lib/core/deployment.ts';
import { InvariantError } from '../lib/core/errors.ts';
import { parseDeployment } from '../lib/core/parsed-deployment.ts';

/** What synthesis has written for this function. Throws InvariantError if it was not deployed by it. */
export function readDeployment(env: NodeJS.ProcessEnv = process.env): Deployment {
  return parseDeployment(variable(env, 'MILLRACE_DEPLOYMENT'));
}

/** The vertex that this function runs. Throws InvariantError. */
export function readVertex(env: NodeJS.ProcessEnv = process.env): string {
  return variable(env, 'MILLRACE_VERTEX');
}

function variable(env: NodeJS.ProcessEnv, name: string): string {
  const text = env[name];
  if (text !== undefined) return text;
  throw new InvariantError(
    'INVARIANT',
    `The environment has no ${name}: deploy the function with StreamJob.`,
  );
}
