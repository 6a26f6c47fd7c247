/** What synthesis hands the functions. */

import { Stack } from 'aws-cdk-lib';
import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import type { BindingData, Deployment } from '../lib/core/deployment.ts';
import { assertNever, UserError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { Binding } from './bindings.ts';
import { checkpointSettingsOf } from './checkpointing.ts';
import { notDeployable } from './deployable-plan.ts';
import type { JobScope } from './job-scope.ts';

/** A name that CloudFormation makes is about as long. */
const TOKEN_CHARACTERS = 80;

export interface DeploymentParts {
  /** By vertex id. */
  readonly streams: ReadonlyMap<string, Stream>;
  /** Names by vertex id; only for functions that call them. */
  readonly functions?: ReadonlyMap<string, string>;
}

/** MILLRACE_DEPLOYMENT of a function. Throws UserError JOB_NOT_DEPLOYABLE if it is too long. */
export function deploymentJson(job: JobScope, { streams, functions }: DeploymentParts): string {
  const { scope, plan, props, stores } = job;
  const { parallelism, maxParallelism, stateBackend } = props;
  const deployment: Deployment = {
    job: job.jobName,
    code: job.code,
    planHash: plan.planHash,
    settings: {
      ...(parallelism === undefined ? {} : { parallelism }),
      ...(maxParallelism === undefined ? {} : { maxParallelism }),
      ...(stateBackend === undefined ? {} : { stateBackend }),
    },
    logTable: stores.logTable.tableName,
    jobTable: stores.jobTable.tableName,
    bucket: stores.bucket.bucketName,
    ...(stores.stateTable === undefined ? {} : { stateTable: stores.stateTable.tableName }),
    streams: Object.fromEntries(
      [...streams].map(([id, { streamName }]) => [id, { name: streamName, shards: shardsOf(job, id) }]),
    ),
    ...(functions === undefined
      ? {}
      : { functions: Object.fromEntries(functions), checkpoints: checkpointSettingsOf(job) }),
    ...(props.vertexMetrics === true ? { vertexMetrics: true } : {}),
    bindings: Object.fromEntries(
      Object.entries(props.bindings ?? {}).map(([name, binding]) => [name, bindingData(binding, job)]),
    ),
  };
  const characters = JSON.stringify(deployment).replaceAll(
    /\$\{Token\[[^\]]+\]\}/g,
    'x'.repeat(TOKEN_CHARACTERS),
  ).length;
  if (characters > LIMITS.functionEnvironmentBytesMax) {
    throw notDeployable(
      scope.node.path,
      `the names of its streams, functions and bindings fill about ${characters} bytes of a function's ` +
        `environment, which holds ${LIMITS.functionEnvironmentBytesMax}: divide the job`,
    );
  }
  return Stack.of(scope).toJsonString(deployment);
}

function shardsOf({ plan }: JobScope, vertexId: string): number {
  return plan.run.vertices.find(({ id }) => id === vertexId)?.parallelism ?? 0;
}

function bindingData(binding: Binding, { scope }: JobScope): BindingData {
  switch (binding.kind) {
    case 'kinesis-source':
      return { kind: binding.kind, stream: binding.stream.streamName, arn: binding.stream.streamArn };
    case 's3-source':
      return {
        kind: binding.kind,
        bucket: binding.bucket.bucketName,
        prefix: binding.prefix,
        watch: binding.watch,
      };
    case 'dynamodb-source':
      return { kind: binding.kind, arn: binding.table.tableStreamArn ?? '' };
    case 'kinesis-sink':
      return {
        kind: binding.kind,
        stream: binding.stream.streamName,
        ...(binding.partitionKey === undefined ? {} : { partitionKey: binding.partitionKey }),
      };
    case 's3-sink':
      return { kind: binding.kind, bucket: binding.bucket.bucketName, prefix: binding.prefix };
    case 'dynamodb-sink':
      return { kind: binding.kind, table: binding.table.tableName, ...keyOf(binding, scope.node.path) };
    case 'sqs-sink':
      return { kind: binding.kind, queueUrl: binding.queue.queueUrl };
    default:
      return assertNever(binding);
  }
}

interface TableKey {
  readonly partitionKey: string;
  readonly sortKey?: string;
}

function keyOf(binding: Binding & { readonly kind: 'dynamodb-sink' }, path: string): TableKey {
  const { table, partitionKey, sortKey } = binding;
  if (partitionKey !== undefined) return { partitionKey, ...(sortKey === undefined ? {} : { sortKey }) };
  const schema = keySchemaOf(table);
  const hash = schema.find(({ keyType }) => keyType === 'HASH')?.attributeName;
  const range = schema.find(({ keyType }) => keyType === 'RANGE')?.attributeName;
  if (hash !== undefined) return { partitionKey: hash, ...(range === undefined ? {} : { sortKey: range }) };
  throw new UserError(
    'BINDING_INVALID',
    `${path}: the key of table ${table.node.path} is not known here, because the table is imported: ` +
      "write Sinks.dynamodb(table, { partitionKey: '…' }).",
    { context: { location: path } },
  );
}

function keySchemaOf(
  table: ITable,
): readonly { readonly keyType?: string; readonly attributeName?: string }[] {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable) && !(resource instanceof CfnGlobalTable)) return [];
  const schema: unknown = Stack.of(table).resolve(resource.keySchema);
  return Array.isArray(schema) ? schema : [];
}
