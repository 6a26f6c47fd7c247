/**
 * The custom resource whose life is that of a job's runs.
 *
 * 1. Created, it starts the first run; changed in code alone, it restores the run into one of the new code;
 *    another plan is refused before anything is touched.
 * 2. Deleted, it stops the run with a savepoint, or plainly where nothing is retained.
 * 3. Every request may be repeated: runs are named by their requests.
 */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { switchMappings } from '../lib/adapters/lambda/mapping-switch.ts';
import type { RunState } from '../lib/coordinator/job-tables.ts';
import { restoreJob, startJob } from '../lib/coordinator/restore.ts';
import type { RunPlan } from '../lib/coordinator/run-plan.ts';
import { sealRun, takeSavepoint } from '../lib/coordinator/savepoint.ts';
import { messageOf, UserError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import { emptyBucket } from './bucket-emptying.ts';
import type { DeployedCoordinator } from './deployed-coordinator.ts';
import { ownerOfShard } from './external-shards.ts';
import { answerCloudFormation } from './resource-response.ts';
import { findCurrentRun } from './run-directory.ts';
import { withinTime } from './time-guard.ts';

const LATE =
  'The run could not be started, restored or stopped in the time that a function has. What was done is ' +
  'kept, and the next deployment or removal goes on from there: repeat it.';

/** What synthesis gives the resource; CloudFormation makes text of everything but lists. */
interface RunProperties {
  readonly job: string;
  readonly code: string;
  /** JSON of RunPlan. */
  readonly plan: string;
  readonly removal: 'destroy' | 'retain';
  readonly mappings: readonly string[];
}

/**
 * Serves one request and answers it, whatever comes of it: without an answer the stack waits for an hour.
 * Throws if CloudFormation does not take the answer. `deadline` is when the process is stopped.
 */
export async function answerRunRequest(
  open: () => DeployedCoordinator,
  event: CloudFormationCustomResourceEvent,
  { deadline }: { readonly deadline: number },
): Promise<void> {
  const physicalResourceId =
    'PhysicalResourceId' in event ? event.PhysicalResourceId : event.LogicalResourceId;
  let failure: string | undefined;
  try {
    // Synthesis writes the properties.
    const work = serve(open(), event, event.ResourceProperties as unknown as RunProperties);
    await withinTime(work, deadline - LIMITS.answerMarginMs, LATE);
  } catch (error) {
    console.error(error);
    failure = messageOf(error);
  }
  await answerCloudFormation(event, {
    physicalResourceId,
    ...(failure === undefined ? {} : { failure }),
  });
}

async function serve(
  { ports, lambda }: DeployedCoordinator,
  { RequestType, RequestId }: CloudFormationCustomResourceEvent,
  { job, code, plan: planJson, removal, mappings }: RunProperties,
): Promise<void> {
  const plan = JSON.parse(planJson) as RunPlan;
  const request = { job, run: `run-${RequestId}`, plan, code };
  const current = await findCurrentRun(ports.records, job);
  const mappingPorts = { lambda, clock: ports.clock };
  if (RequestType === 'Delete') {
    await switchMappings(mappingPorts, mappings, false);
    await end({ ports }, { current, removal, execution: RequestId });
    return;
  }
  if (current === undefined) await startJob(ports, request);
  else if (current.id !== request.run) await go({ ports }, { current, request });
  await switchMappings(mappingPorts, mappings, true);
}

/** Goes on with a run that there is: as it is, or in a run of the new code. */
async function go(
  { ports }: Pick<DeployedCoordinator, 'ports'>,
  {
    current,
    request,
  }: {
    readonly current: RunState;
    readonly request: {
      readonly job: string;
      readonly run: string;
      readonly plan: RunPlan;
      readonly code: string;
    };
  },
): Promise<void> {
  if (JSON.stringify(current.plan) !== JSON.stringify(request.plan)) {
    throw new UserError(
      'STATE_INCOMPATIBLE',
      `The plan of job ${request.job} has changed: operators, edges or parallelism. Nothing was touched; ` +
        'deploy the plan it had, or a job of another construct id.',
    );
  }
  if (current.code === request.code && (current.status === 'RUNNING' || current.status === 'CREATED')) return;
  await restoreJob(ports, { ...request, from: undefined, allowNonRestoredState: false, ownerOfShard });
}

async function end(
  { ports }: Pick<DeployedCoordinator, 'ports'>,
  {
    current,
    removal,
    execution,
  }: {
    readonly current: RunState | undefined;
    readonly removal: RunProperties['removal'];
    readonly execution: string;
  },
): Promise<void> {
  if (current !== undefined) {
    const key = { job: current.job, run: current.id };
    if (removal === 'destroy') await sealRun(ports, key);
    else await takeSavepoint(ports, { ...key, execution });
  }
  if (removal === 'destroy') await emptyBucket(ports.objects);
}
