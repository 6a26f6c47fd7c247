/** The functions without user code: coordinator, sweeper, and what starts and ends runs. */
import { CustomResource, Duration, RemovalPolicy, Size, Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Architecture, LoggingFormat, Function as NodeFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { deploymentJson } from './deployment-data.ts';
import { allow, allowCoordinatorStores, createFunctionRole } from './function-role.ts';
import type { JobScope } from './job-scope.ts';
import { mappingArns, type SourceMapping } from './source-mappings.ts';
import type { TaskFunction } from './task-functions.ts';

/** Functions that act for the whole job. */
export interface Coordination {
  readonly coordinator: NodeFunction;
  readonly sweeper: NodeFunction;
  readonly runResource: NodeFunction;
}

export interface CoordinationParts {
  readonly streams: ReadonlyMap<string, Stream>;
  readonly tasks: readonly TaskFunction[];
  readonly mappings: readonly SourceMapping[];
}

const MEMORY = Size.mebibytes(1024);
/** The longest that Lambda allows: a step reads the logs of all subtasks. */
const TIMEOUT = Duration.minutes(15);

const SWITCH_MAPPINGS = ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'];

/** Makes the functions. Each may act upon the logs of all subtasks, call them, and switch what feeds them. */
export function createCoordination(job: JobScope, parts: CoordinationParts): Coordination {
  const functions = new Map(parts.tasks.map(({ vertex, fn }) => [vertex.id, fn.functionName]));
  const deployment = deploymentJson(job, { streams: parts.streams, functions });
  const create = (id: string, file: string) => {
    const scope = new Construct(job.scope, id);
    const { role, logGroup } = createFunctionRole(scope, job);
    allowCoordinatorStores(role, job);
    allowTasks(role, { job, parts });
    return new NodeFunction(scope, 'Function', {
      ...serviceFunctionProps(job, file),
      role,
      logGroup,
      environment: {
        MILLRACE_DEPLOYMENT: deployment,
        MILLRACE_MAPPINGS: parts.mappings.map(({ resource }) => resource.ref).join(),
      },
    });
  };
  return {
    coordinator: create('Coordinator', 'coordinator'),
    sweeper: create('Sweeper', 'sweeper'),
    runResource: create('RunResource', 'run-resource'),
  };
}

/** What functions without user code have in common. */
export function serviceFunctionProps({ asset, encryptionKey, plan }: JobScope, file: string) {
  return {
    description: `${plan.jobGraph.jobName}: ${file}`.slice(0, 256),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: `${file}.handler`,
    code: asset,
    loggingFormat: LoggingFormat.JSON,
    memorySize: MEMORY.toMebibytes(),
    timeout: TIMEOUT,
    ...(encryptionKey === undefined ? {} : { environmentEncryption: encryptionKey }),
  };
}

function allowTasks(
  role: IRole,
  { job, parts }: { readonly job: JobScope; readonly parts: CoordinationParts },
): void {
  allow(role, {
    actions: ['lambda:InvokeFunction'],
    resources: parts.tasks.map(({ fn }) => fn.functionArn),
  });
  allow(role, { actions: SWITCH_MAPPINGS, resources: mappingArns(job, parts.mappings) });
}

/**
 * The resource whose life is that of the job's runs: it is created when everything else is there, and deleted
 * before anything else is.
 */
export function createRun(
  job: JobScope,
  {
    runResource,
    mappings,
  }: { readonly runResource: NodeFunction; readonly mappings: readonly SourceMapping[] },
): CustomResource {
  const run = new CustomResource(job.scope, 'Run', {
    serviceToken: runResource.functionArn,
    resourceType: 'Custom::MillraceRun',
    properties: {
      job: job.jobName,
      code: job.code,
      planHash: job.plan.planHash,
      plan: JSON.stringify(job.plan.run),
      removal: job.removalPolicy === RemovalPolicy.DESTROY ? 'destroy' : 'retain',
      allowNonRestoredState: String(job.props.allowNonRestoredState ?? false),
      mappings: mappings.map(({ resource }) => resource.ref),
      // A mapping that is changed is disabled by the change.
      mappingSettings: mappings.map(({ settings }) => settings).join(),
    },
  });
  for (const { resource } of mappings) run.node.addDependency(resource);
  const { role } = runResource;
  if (role !== undefined) run.node.addDependency(role);
  return run;
}

/**
 * When the job was deployed first, in seconds since the epoch: a resource keeps its attributes as long as it
 * is not replaced.
 */
export function createStartTime(job: JobScope): number {
  const scope = new Construct(job.scope, 'StartTime');
  const { role, logGroup } = createFunctionRole(scope, job);
  const fn = new NodeFunction(scope, 'Function', {
    ...serviceFunctionProps(job, 'start-time'),
    role,
    logGroup,
  });
  const resource = new CustomResource(scope, 'Time', {
    serviceToken: fn.functionArn,
    resourceType: 'Custom::MillraceStartTime',
  });
  return Token.asNumber(resource.getAtt('Seconds'));
}
