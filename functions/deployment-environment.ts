import type { Deployment } from '../lib/core/deployment.ts';
import { InvariantError } from '../lib/core/errors.ts';

/** What synthesis has written for this function. Throws InvariantError if it was not deployed by it. */
export function readDeployment(env: NodeJS.ProcessEnv = process.env): Deployment {
  const deployment: unknown = JSON.parse(variable(env, 'MILLRACE_DEPLOYMENT'));
  if (isDeployment(deployment)) return deployment;
  throw new InvariantError('INVARIANT', 'MILLRACE_DEPLOYMENT is not what StreamJob writes: deploy with it.');
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

/** Synthesis and bundle are of one version: more than the name is not looked at. */
function isDeployment(value: unknown): value is Deployment {
  return typeof value === 'object' && value !== null && 'job' in value && 'planHash' in value;
}
