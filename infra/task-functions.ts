/** A function for each vertex, with what it may touch: its streams and bindings, and the job's stores. */
import { Duration, Size } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Architecture, LoggingFormat, Function as NodeFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { assertNever } from '../lib/core/errors.ts';
import type { JobVertex } from '../lib/graph/job-graph.ts';
import type { SinkBinding, SourceBinding } from './bindings.ts';
import { constructId } from './construct-id.ts';
import { sinkBindingsOf, sourceBindingOf } from './deployable-plan.ts';
import { allow, allowKey, allowObjects, allowTaskStores, createFunctionRole } from './function-role.ts';
import type { JobScope } from './job-scope.ts';

/** Function of one vertex. */
export interface TaskFunction {
  readonly vertex: JobVertex;
  readonly fn: NodeFunction;
  readonly role: IRole;
}

const MEMORY = Size.mebibytes(1024);
const DISK = Size.mebibytes(512);
const TIMEOUT = Duration.minutes(1);

/** Lambda asks for the last one when it makes the mapping. */
const READ_CHANGES = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

/** Makes the functions of all vertices, in topological order. */
export function createTaskFunctions(
  job: JobScope,
  { streams, deployment }: { readonly streams: ReadonlyMap<string, Stream>; readonly deployment: string },
): readonly TaskFunction[] {
  return job.plan.jobGraph.vertices.map((vertex) => createTaskFunction(job, { vertex, streams, deployment }));
}

function createTaskFunction(
  job: JobScope,
  parts: {
    readonly vertex: JobVertex;
    readonly streams: ReadonlyMap<string, Stream>;
    readonly deployment: string;
  },
): TaskFunction {
  const { vertex, streams, deployment } = parts;
  const { props, encryptionKey } = job;
  const { vpc, vpcSubnets, securityGroups, secrets = {} } = props;
  const scope = new Construct(job.scope, `Task-${constructId(vertex.id)}`);
  const { role, logGroup } = createFunctionRole(scope, { ...job, vpc });
  allowTaskStores(role, { ...job, vertex });
  allowStreams(role, { vertex, streams });
  const bindings = props.bindings ?? {};
  const source = sourceBindingOf(vertex, bindings);
  if (source !== undefined) allowSource(role, source);
  for (const sink of sinkBindingsOf(vertex, bindings)) allowSink(role, sink);
  for (const secret of Object.values(secrets)) secret.grantRead(role);
  const fn = new NodeFunction(scope, 'Function', {
    description: `${job.plan.jobGraph.jobName}: ${vertex.name}`.slice(0, 256),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'task.handler',
    code: job.asset,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    memorySize: (props.vertices?.[vertex.id]?.memory ?? props.memory ?? MEMORY).toMebibytes(),
    ephemeralStorageSize: props.ephemeralStorage ?? DISK,
    timeout: props.timeout ?? TIMEOUT,
    environment: {
      ...props.environment,
      ...secretsEnvironment(secrets),
      MILLRACE_DEPLOYMENT: deployment,
      MILLRACE_VERTEX: vertex.id,
    },
    ...(encryptionKey === undefined ? {} : { environmentEncryption: encryptionKey }),
    ...(vpc === undefined ? {} : { vpc }),
    ...(vpcSubnets === undefined ? {} : { vpcSubnets }),
    ...(securityGroups === undefined ? {} : { securityGroups: [...securityGroups] }),
  });
  return { vertex, fn, role };
}

function secretsEnvironment(
  secrets: Readonly<Record<string, { readonly secretArn: string }>>,
): Readonly<Record<string, string>> {
  const names = Object.keys(secrets);
  if (names.length === 0) return {};
  const arns = Object.fromEntries(Object.entries(secrets).map(([name, { secretArn }]) => [name, secretArn]));
  return { MILLRACE_SECRETS: JSON.stringify(arns) };
}

function allowStreams(
  role: IRole,
  { vertex, streams }: { readonly vertex: JobVertex; readonly streams: ReadonlyMap<string, Stream> },
): void {
  const own = streams.get(vertex.id);
  own?.grantRead(role);
  const targets = new Set(vertex.outputs.map((edge) => edge.targetVertexId));
  const arns = [...targets].map((id) => streams.get(id)?.streamArn).filter((arn) => arn !== undefined);
  if (arns.length > 0) allow(role, { actions: ['kinesis:PutRecords'], resources: arns });
}

function allowSource(role: IRole, source: SourceBinding): void {
  switch (source.kind) {
    case 'kinesis-source':
      source.stream.grantRead(role);
      return;
    case 's3-source':
      allowObjects(role, { bucket: source.bucket, prefix: source.prefix, uses: ['read'] });
      return;
    case 'dynamodb-source':
      allow(role, { actions: READ_CHANGES, resources: [source.table.tableStreamArn ?? ''] });
      allowKey(role, source.table.encryptionKey, 'decrypt');
      return;
    default:
      assertNever(source);
  }
}

function allowSink(role: IRole, sink: SinkBinding): void {
  switch (sink.kind) {
    case 'kinesis-sink':
      allow(role, { actions: ['kinesis:PutRecords'], resources: [sink.stream.streamArn] });
      allowKey(role, sink.stream.encryptionKey, 'encrypt');
      return;
    case 's3-sink':
      allowObjects(role, { bucket: sink.bucket, prefix: sink.prefix, uses: ['read', 'write'] });
      return;
    case 'dynamodb-sink':
      allow(role, { actions: ['dynamodb:PutItem'], resources: [sink.table.tableArn] });
      allowKey(role, sink.table.encryptionKey, 'encrypt and decrypt');
      return;
    case 'sqs-sink':
      allow(role, { actions: ['sqs:SendMessage'], resources: [sink.queue.queueArn] });
      allowKey(role, sink.queue.encryptionMasterKey, 'encrypt and decrypt');
      return;
    default:
      assertNever(sink);
  }
}
