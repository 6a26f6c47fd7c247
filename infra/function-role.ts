/** Roles of functions: what a function may do beside writing its log. */

import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Effect, type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { JobVertex } from '../lib/graph/job-graph.ts';
import { acknowledgeAction, acknowledgeResource } from './acknowledgements.ts';
import type { ObjectBucket } from './bindings.ts';
import type { JobScope } from './job-scope.ts';

export interface FunctionRoleProps {
  /**
   * Network in which the function is placed.
   * @default - none
   */
  readonly vpc?: IVpc | undefined;
  readonly encryptionKey: IKey | undefined;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** Role and log group of one function. */
export interface FunctionRole {
  readonly role: Role;
  readonly logGroup: LogGroup;
}

/** Network interfaces have no name before they exist. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** A role for one function that may write its own log and nothing else. */
export function createFunctionRole(scope: Construct, props: FunctionRoleProps): FunctionRole {
  const { encryptionKey, logRetention, removalPolicy, vpc } = props;
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: logRetention,
    removalPolicy,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  allow(role, { actions: LOG_ACTIONS, resources: [logGroup.logGroupArn] });
  allowKey(role, encryptionKey, 'encrypt and decrypt');
  if (vpc !== undefined) {
    allow(role, { actions: VPC_ACTIONS, resources: ['*'] });
    const reason = 'The network interfaces of Lambda have no names before they exist.';
    acknowledgeResource(role, { resource: '*', reason });
  }
  return { role, logGroup };
}

/** Adds a statement to the policy of a role. */
export function allow(
  role: IRole,
  statement: {
    readonly actions: readonly string[];
    readonly resources: readonly string[];
    readonly conditions?: Readonly<Record<string, unknown>>;
  },
): void {
  const { actions, resources, conditions } = statement;
  role.addToPrincipalPolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: [...actions],
      resources: [...resources],
      ...(conditions === undefined ? {} : { conditions: { ...conditions } }),
    }),
  );
}

/** What objects under a prefix of a bucket are used for. */
export type ObjectUse = 'read' | 'write' | 'delete';

const OBJECT_ACTIONS: Readonly<Record<ObjectUse, readonly string[]>> = {
  read: ['s3:GetObject'],
  write: ['s3:PutObject', 's3:AbortMultipartUpload'],
  delete: ['s3:DeleteObject'],
};

/** Lets a role list the objects under a prefix and use them. */
export function allowObjects(
  role: IRole,
  {
    bucket,
    prefix,
    uses,
  }: { readonly bucket: ObjectBucket; readonly prefix: string; readonly uses: readonly ObjectUse[] },
): void {
  const objects = bucket.arnForObjects(`${prefix}*`);
  allow(role, { actions: uses.flatMap((use) => OBJECT_ACTIONS[use]), resources: [objects] });
  acknowledgeResource(role, {
    resource: objects,
    reason: 'Objects get their names when they are written: the prefix is all that is known before.',
  });
  allow(role, {
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    ...(prefix === '' ? {} : { conditions: { StringLike: { 's3:prefix': `${prefix}*` } } }),
  });
  allowKey(role, bucket.encryptionKey, uses.includes('write') ? 'encrypt and decrypt' : 'decrypt');
}

/** One item, or those of a partition. */
const READ_ITEMS = ['dynamodb:GetItem', 'dynamodb:Query'];
const WRITE_ITEMS = ['dynamodb:PutItem'];
const DELETE_ITEMS = ['dynamodb:BatchWriteItem'];

/**
 * What the subtasks of a vertex need of the job's stores: they read logs of their senders too, but append to
 * their own only. Of the run they learn what it is, and may note that it has failed. Partition keys of keyed
 * state are bytes, by which nothing can be allowed.
 */
export function allowTaskStores(
  role: IRole,
  { jobName, stores, vertex }: Pick<JobScope, 'jobName' | 'stores'> & { readonly vertex: JobVertex },
): void {
  const { logTable, jobTable, stateTable, bucket, undelivered } = stores;
  allow(role, { actions: ['sqs:SendMessage'], resources: [undelivered.queueArn] });
  const senders = vertex.inputs.map(({ sourceVertexId }) => sourceVertexId);
  allow(role, {
    actions: READ_ITEMS,
    resources: [logTable.tableArn],
    conditions: partitions('StringLike', [...new Set([vertex.id, ...senders])].map(logsOf)),
  });
  allow(role, {
    actions: WRITE_ITEMS,
    resources: [logTable.tableArn],
    conditions: partitions('StringLike', [logsOf(vertex.id)]),
  });
  allow(role, {
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
    resources: [jobTable.tableArn],
    conditions: partitions('StringEquals', [jobName]),
  });
  if (stateTable !== undefined) {
    allow(role, { actions: ['dynamodb:Query', 'dynamodb:PutItem'], resources: [stateTable.tableArn] });
  }
  allowObjects(role, { bucket, prefix: '', uses: ['read', 'write'] });
}

/** Nothing but items of partitions whose keys are these, or match them. */
function partitions(
  operator: 'StringEquals' | 'StringLike',
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    [`ForAllValues:${operator}`]: { 'dynamodb:LeadingKeys': keys },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
}

/** Pattern of the partition keys of the logs of a vertex. */
function logsOf(vertexId: string): string {
  return `*/${literal(vertexId)}/*`;
}

/** A part of a log's partition key as a pattern of IAM that only it matches. */
function literal(part: string): string {
  return part.replaceAll(/[*?$]/g, (character) => `\${${character}}`);
}

/** What a coordinator needs of the job's stores: it also collects garbage. */
export function allowCoordinatorStores(
  role: IRole,
  { jobName, stores: { logTable, jobTable, stateTable, bucket } }: Pick<JobScope, 'jobName' | 'stores'>,
): void {
  allow(role, {
    actions: [...READ_ITEMS, ...WRITE_ITEMS],
    resources: [jobTable.tableArn],
    conditions: partitions('StringEquals', [jobName]),
  });
  const tables = [logTable, stateTable].filter((table) => table !== undefined);
  allow(role, {
    actions: [...READ_ITEMS, ...WRITE_ITEMS, ...DELETE_ITEMS],
    resources: tables.map((table) => table.tableArn),
  });
  // Rows of a run that is over are looked for in the whole table.
  if (stateTable !== undefined) {
    allow(role, { actions: ['dynamodb:Scan'], resources: [stateTable.tableArn] });
  }
  allowObjects(role, { bucket, prefix: '', uses: ['read', 'write', 'delete'] });
}

/** Lets a role use the key of something, if that has one. */
export function allowKey(
  role: IRole,
  key: IKey | undefined,
  use: 'encrypt' | 'decrypt' | 'encrypt and decrypt',
): void {
  if (key === undefined) return;
  if (use === 'decrypt') key.grantDecrypt(role);
  else if (use === 'encrypt') key.grantEncrypt(role);
  else key.grantEncryptDecrypt(role);
  if (use !== 'decrypt') acknowledgeKeyUse(role);
}

/** Notes that the grants of CDK name families of actions of a key. */
function acknowledgeKeyUse(role: IRole): void {
  for (const action of ['kms:ReEncrypt*', 'kms:GenerateDataKey*']) {
    acknowledgeAction(role, { action, reason: 'The variants of this action differ in their answers only.' });
  }
}
