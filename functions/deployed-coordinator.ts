/** The ports of a coordinator of a deployed job. */
import { randomUUID } from 'node:crypto';
import { lambdaClient, patientLambdaClient } from '../lib/adapters/lambda/lambda-client.ts';
import { LambdaSubtaskInvoker, type TaskQuestion } from '../lib/adapters/lambda/lambda-subtask-invoker.ts';
import { systemClock } from '../lib/adapters/system/system-clock.ts';
import type { CoordinatorPorts } from '../lib/coordinator/coordinator-ports.ts';
import type { Deployment } from '../lib/core/deployment.ts';
import type { SubtaskId } from '../lib/core/log/subtask-id.ts';
import { PRODUCTION_COORDINATOR_RULES } from '../lib/protocol/coordinator-rules.ts';
import { openStores } from './deployed-stores.ts';

export interface DeployedCoordinator {
  readonly deployment: Deployment;
  readonly ports: CoordinatorPorts;
  readonly lambda: ReturnType<typeof lambdaClient>;
  /** Ids of the event source mappings of the job. */
  readonly mappings: readonly string[];
}

/** One that puts runs in the place of others. */
export interface SwitchingCoordinator extends DeployedCoordinator {
  /** Asks a task function and waits for the answer. Throws if it is no. */
  readonly ask: (subtask: SubtaskId, question: TaskQuestion) => Promise<void>;
}

/** `MILLRACE_MAPPINGS` holds the ids of the mappings, by commas. */
export function openCoordinator(
  deployment: Deployment,
  { MILLRACE_MAPPINGS = '' }: NodeJS.ProcessEnv = process.env,
): SwitchingCoordinator {
  const lambda = lambdaClient();
  const invoker = new LambdaSubtaskInvoker({
    client: lambda,
    patientClient: patientLambdaClient(),
    functions: deployment.functions ?? {},
  });
  const ports: CoordinatorPorts = {
    ...openStores(deployment),
    invoker,
    clock: systemClock,
    rules: PRODUCTION_COORDINATOR_RULES,
    nonce: randomUUID,
  };
  const mappings = MILLRACE_MAPPINGS.split(',').filter((id) => id !== '');
  return { deployment, ports, lambda, mappings, ask: (subtask, question) => invoker.ask(subtask, question) };
}
