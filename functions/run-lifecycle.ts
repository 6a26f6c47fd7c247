/**
 * The custom resource whose life is that of a job's runs.
 *
 * 1. Created, it starts the first run; changed, it puts a run of the new plan and code in the place of the
 *    one that there is, or refuses to before that is touched. Rolled back, it does the same the other way.
 * 2. Deleted, it stops the run with a savepoint, or plainly where nothing is retained.
 * 3. Every request may be repeated, and goes on with what it has begun: runs are named by their requests.
 */
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { switchMappings } from '../lib/adapters/lambda/mapping-switch.ts';
import type { RunState } from '../lib/coordinator/job-tables.ts';
import type { RunPlan } from '../lib/coordinator/run-plan.ts';
import { sealRun, takeSavepoint } from '../lib/coordinator/savepoint.ts';
import { messageOf } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import { emptyBucket } from './bucket-emptying.ts';
import type { SwitchingCoordinator } from './deployed-coordinator.ts';
import { answerCloudFormation } from './resource-response.ts';
import { findCurrentRun } from './run-directory.ts';
import { pauseSince, reachRun } from './run-switch.ts';
import { withinTime } from './time-guard.ts';

const LATE =
  'The run could not be started, restored or stopped in the time that a function has. What was done is ' +
  'kept, and the next deployment or removal goes on from there: repeat it.';

/** Of a request that puts no run in the place of another. */
const NO_PAUSE = 'none';

/** What synthesis gives the resource; CloudFormation makes text of everything but lists. */
interface RunProperties {
  readonly job: string;
  readonly code: string;
  /** JSON of RunPlan. */
  readonly plan: string;
  readonly removal: 'destroy' | 'retain';
  readonly allowNonRestoredState?: 'true' | 'false';
  readonly mappings: readonly string[];
}

/**
 * Serves one request and answers it, whatever comes of it: without an answer the stack waits for an hour.
 * Throws if CloudFormation does not take the answer. `deadline` is when the process is stopped.
 */
export async function answerRunRequest(
  open: () => SwitchingCoordinator,
  event: CloudFormationCustomResourceEvent,
  { deadline }: { readonly deadline: number },
): Promise<void> {
  const physicalResourceId =
    'PhysicalResourceId' in event ? event.PhysicalResourceId : event.LogicalResourceId;
  let failure: string | undefined;
  let pause = NO_PAUSE;
  try {
    // Synthesis writes the properties.
    const work = serve(open(), event, event.ResourceProperties as unknown as RunProperties);
    pause = await withinTime(work, deadline - LIMITS.answerMarginMs, LATE);
  } catch (error) {
    console.error(error);
    failure = messageOf(error);
  }
  await answerCloudFormation(event, {
    physicalResourceId,
    data: { Pause: pause },
    ...(failure === undefined ? {} : { failure }),
  });
}

/** What the resource's attribute `Pause` says of the request. */
async function serve(
  coordinator: SwitchingCoordinator,
  { RequestType, RequestId }: CloudFormationCustomResourceEvent,
  properties: RunProperties,
): Promise<string> {
  const { job, code, removal, mappings } = properties;
  const { ports, lambda } = coordinator;
  const plan = JSON.parse(properties.plan) as RunPlan;
  const allowNonRestoredState = properties.allowNonRestoredState === 'true';
  const request = { job, run: `run-${RequestId}`, plan, code, allowNonRestoredState };
  const mappingPorts = { lambda, clock: ports.clock };
  if (RequestType === 'Delete') {
    await switchMappings(mappingPorts, mappings, false);
    const current = await findCurrentRun(ports.records, job);
    await end({ ports }, { current, removal, execution: RequestId });
    return NO_PAUSE;
  }
  const sealedAt = await reachRun(coordinator, request);
  await switchMappings(mappingPorts, mappings, true);
  if (sealedAt === undefined) return NO_PAUSE;
  const pauseMs = await pauseSince(ports, { run: request.run, plan, sealedAt });
  return pauseMs === undefined ? 'no input since the switch' : `${(pauseMs / 1000).toFixed(1)} s`;
}

async function end(
  { ports }: Pick<SwitchingCoordinator, 'ports'>,
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
