import { createHash } from 'node:crypto';
import { Annotations, CfnOutput, Names, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Code, type Function as NodeFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { PARALLELISM_CONTEXT } from '../lib/core/deployment.ts';
import { LIMITS } from '../lib/core/limits.ts';
import { structureOf } from '../lib/graph/structure.ts';
import { createAlarms } from './alarms.ts';
import { type Bundle, createBundle } from './bundle.ts';
import { type Coordination, createCoordination, createRun, createStartTime } from './coordination.ts';
import { createDashboard } from './dashboard.ts';
import { createDeadLetterRetry } from './dead-letter-retry.ts';
import { createDeployablePlan, notDeployable } from './deployable-plan.ts';
import { deploymentJson } from './deployment-data.ts';
import { loadEntry } from './entry-module.ts';
import type { JobScope } from './job-scope.ts';
import { createSchedules } from './schedules.ts';
import { createSourceMappings, type SourceMapping } from './source-mappings.ts';
import { createStateMachines, type StateMachines } from './state-machines.ts';
import { createStores, type Stores } from './stores.ts';
import type { StreamJobProps } from './stream-job-props.ts';
import { createTaskFunctions } from './task-functions.ts';
import { createTaskStreams } from './task-streams.ts';
import { unusedPackages } from './unused-packages.ts';

/**
 * A job on AWS: a function for each vertex, a stream for each internal edge target, the job's stores, its
 * coordinator, schedules and alarms. The job module is evaluated at synthesis, which bundles it too.
 *
 * Throws UserError with the path of the construct: JOB_NOT_DEPLOYABLE for what cannot run on AWS,
 * BINDING_INVALID, BUNDLE_INVALID; JOB_NOT_FOUND and JOB_MODULE_INVALID for `entry`; and whatever the job's
 * graph is refused for.
 */
export class StreamJob extends Construct {
  /** Name under which the job keeps its records. */
  readonly jobName: string;
  /** Function of each vertex, by vertex id. */
  readonly functions: ReadonlyMap<string, NodeFunction>;
  /** Internal streams, by the id of the vertex that reads them. */
  readonly streams: ReadonlyMap<string, Stream>;
  readonly stores: Stores;
  readonly stateMachines: StateMachines;
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard | undefined;
  /** Feeds dead letters to the job again; only where a source reads a Kinesis stream. */
  readonly deadLetterRetry: NodeFunction | undefined;

  constructor(scope: Construct, id: string, given: StreamJobProps) {
    super(scope, id);
    this.jobName = jobNameOf(this);
    const props = rescaled(this, given);
    const job = this.#read(props);
    this.stores = job.stores;
    this.streams = createTaskStreams(job);
    const tasks = createTaskFunctions(job, {
      streams: this.streams,
      deployment: deploymentJson(job, { streams: this.streams }),
    });
    this.functions = new Map(tasks.map(({ vertex, fn }) => [vertex.id, fn]));
    const mappings = createSourceMappings(job, {
      tasks,
      streams: this.streams,
      startTime: once(() => createStartTime(job)),
    });
    const coordination = createCoordination(job, { streams: this.streams, tasks, mappings });
    this.stateMachines = createStateMachines(job, coordination.coordinator);
    this.#schedule(job, { coordination, mappings });
    this.alarms = props.alarms === false ? [] : createAlarms(job, { tasks, alarms: props.alarms ?? {} });
    this.dashboard = props.dashboard === true ? createDashboard(job, tasks) : undefined;
    this.deadLetterRetry = createDeadLetterRetry(job, this.streams);
    this.#addOutputs(coordination);
  }

  #read(props: StreamJobProps): JobScope {
    const { path } = this.node;
    const entry = loadEntry(props.entry);
    const plan = createDeployablePlan(entry.job, { props, path });
    const bundle = createBundle({
      entry,
      structure: structureOf(plan.graph),
      path,
      withSecrets: Object.keys(props.secrets ?? {}).length > 0,
      unused: unusedPackages(plan.graph, props.bindings ?? {}),
    });
    Annotations.of(this).addInfo(sizeText(bundle));
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const { encryptionKey } = props;
    encryptionKey?.grantEncryptDecrypt(new ServicePrincipal(`logs.${Stack.of(this).region}.amazonaws.com`));
    return {
      scope: this,
      jobName: this.jobName,
      plan,
      props,
      stores: createStores(this, {
        withStateTable: plan.graph.stateBackend === 'table',
        removalPolicy,
        encryptionKey,
      }),
      asset: Code.fromAsset(bundle.folder),
      code: sha256(plan.planHash + bundle.hash),
      removalPolicy,
      encryptionKey,
      logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
    };
  }

  /** Schedules begin when there is a run, and end before it does. */
  #schedule(
    job: JobScope,
    {
      coordination,
      mappings,
    }: { readonly coordination: Coordination; readonly mappings: readonly SourceMapping[] },
  ): void {
    const { runResource, sweeper } = coordination;
    const run = createRun(job, { runResource, mappings });
    new CfnOutput(this, 'LastPause', {
      value: run.getAttString('Pause'),
      description: 'How long nothing was committed when this deployment took over from the one before',
    });
    for (const machine of Object.values(this.stateMachines)) run.node.addDependency(machine);
    const { checkpoint } = this.stateMachines;
    for (const schedule of createSchedules(job, { sweeper, checkpoint })) schedule.node.addDependency(run);
  }

  #addOutputs({ coordinator }: Coordination): void {
    const output = (id: string, value: string, description: string) =>
      new CfnOutput(this, id, { value, description });
    const names = [...this.streams].map(([vertex, stream]) => `${vertex}=${stream.streamName}`);
    if (names.length > 0) output('StreamNames', names.join(' '), 'Internal streams by vertex');
    for (const [name, machine] of Object.entries(this.stateMachines)) {
      output(`${capitalised(name)}Arn`, machine.stateMachineArn, `State machine that does a ${name}`);
    }
    output('JobName', this.jobName, 'Name under which the job keeps its records');
    output('CoordinatorName', coordinator.functionName, 'Function that tells of the job');
    output('Bucket', this.stores.bucket.bucketName, 'Objects of the job');
    const { deadLetterRetry } = this;
    if (deadLetterRetry !== undefined) {
      output('DeadLetterRetryName', deadLetterRetry.functionName, 'Function that feeds dead letters again');
    }
    if (this.dashboard !== undefined) output('DashboardUrl', dashboardUrl(this.dashboard), 'Dashboard');
  }
}

/** The context value `millrace:parallelism:<job>` wins over the code: `millrace rescale` gives it. */
function rescaled(job: StreamJob, props: StreamJobProps): StreamJobProps {
  const key = `${PARALLELISM_CONTEXT}${job.jobName}`;
  const value: unknown = job.node.tryGetContext(key);
  if (value === undefined) return props;
  const parallelism = Number(value);
  if (Number.isInteger(parallelism) && parallelism >= 1) return { ...props, parallelism };
  throw notDeployable(job.node.path, `the context value ${key} is '${value}'; it is a whole number from 1`);
}

/** `<stack>-<path in it>`, cut and hashed if it is long: unique in the account and region as stacks are. */
function jobNameOf(scope: Construct): string {
  const { stackName } = Stack.of(scope);
  const inStack = Names.uniqueResourceName(scope, { maxLength: 200, separator: '-' });
  const parts = Token.isUnresolved(stackName)
    ? [inStack]
    : [stackName, ...scope.node.path.slice(Stack.of(scope).node.path.length).split('/').filter(Boolean)];
  const name = parts.join('-').replaceAll(/[^A-Za-z0-9-]/g, '-');
  const max = LIMITS.deployedNameCharactersMax;
  if (name.length <= max) return name;
  const hash = sha256(parts.join('/')).slice(0, 8);
  return `${name.slice(0, max - hash.length - 1)}-${hash}`;
}

function sizeText({ frameworkBytes, userBytes }: Bundle): string {
  return `Bundle: ${frameworkBytes} bytes of Millrace, ${userBytes} bytes of the job and what it imports.`;
}

function dashboardUrl({ dashboardName, stack }: Dashboard): string {
  const { region, urlSuffix } = stack;
  const host =
    Token.isUnresolved(urlSuffix) || urlSuffix === 'amazonaws.com'
      ? 'console.aws.amazon.com'
      : `console.${urlSuffix}`;
  return `https://${region}.${host}/cloudwatch/home?region=${region}#dashboards:name=${dashboardName}`;
}

function capitalised(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
