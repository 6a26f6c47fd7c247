/** The ports of a coordinator of a deployed job. */
import { randomUUID } from 'node:crypto';
import { lambdaClient } from '../lib/adapters/lambda/lambda-client.ts';
import { LambdaSubtaskInvoker } from '../lib/adapters/lambda/lambda-subtask-invoker.ts';
import { systemClock } from '../lib/adapters/system/system-clock.ts';
import type { CoordinatorPorts } from '../lib/coordinator/coordinator-ports.ts';
import type { Deployment } from '../lib/core/deployment.ts';
import { PRODUCTION_COORDINATOR_RULES } from '../lib/protocol/coordinator-rules.ts';
import { openStores } from './deployed-stores.ts';

export interface DeployedCoordinator {
  readonly deployment: Deployment;
  readonly ports: CoordinatorPorts;
  readonly lambda: ReturnType<typeof lambdaClient>;
  /** Ids of the event source mappings of the job. */
  readonly mappings: readonly string[];
}

/** `MILLRACE_MAPPINGS` holds the ids of the mappings, by commas. */
export function openCoordinator(
  deployment: Deployment,
  { MILLRACE_MAPPINGS = '' }: NodeJS.ProcessEnv = process.env,
): DeployedCoordinator {
  const lambda = lambdaClient();
  const ports: CoordinatorPorts = {
    ...openStores(deployment),
    invoker: new LambdaSubtaskInvoker({ client: lambda, functions: deployment.functions ?? {} }),
    clock: systemClock,
    rules: PRODUCTION_COORDINATOR_RULES,
    nonce: randomUUID,
  };
  const mappings = MILLRACE_MAPPINGS.split(',').filter((id) => id !== '');
  return { deployment, ports, lambda, mappings };
}
