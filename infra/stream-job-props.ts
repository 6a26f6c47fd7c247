import type { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateBackend } from '../lib/graph/stream-graph.ts';
import type { Binding } from './bindings.ts';

/** Settings of one vertex; `millrace plan --level job` shows the vertices and their ids. */
export interface VertexProps {
  /**
   * Memory of the function.
   * @default - the job's
   */
  readonly memory?: Size;
  /**
   * Records that one invocation gets at most, 1 to 10,000.
   * @default - the job's
   */
  readonly batchSize?: number;
  /**
   * How long records are gathered before an invocation, whole seconds up to 5 minutes.
   * @default - the job's
   */
  readonly batchWindow?: Duration;
}

/** Alarms of a job. */
export interface AlarmProps {
  /**
   * Topic that is told when an alarm goes off and when it ends.
   * @default - nobody is told
   */
  readonly topic?: ITopic;
  /**
   * Age of the oldest record that was read at which a vertex lags too far behind.
   * @default Duration.minutes(5)
   */
  readonly iteratorAge?: Duration;
  /**
   * Age of the last complete checkpoint of a job that moves.
   * @default - three times the checkpoint interval
   */
  readonly checkpointAge?: Duration;
}

/** What is needed of a secret: any `ISecret` has it. */
export type JobSecret = Pick<ISecret, 'secretArn' | 'grantRead'>;

/** How a job is deployed. */
export interface StreamJobProps {
  /** TypeScript or JavaScript file whose default export is the job, relative to the working directory. */
  readonly entry: string;
  /**
   * What sources and sinks become, by the uid of the operator or by its name if it has none.
   * @default - no operator is replaced; sources and file sinks cannot run on AWS without
   */
  readonly bindings?: Readonly<Record<string, Binding>>;
  /**
   * Parallelism of operators that set none; at most 256.
   * @default 1
   */
  readonly parallelism?: number;
  /**
   * Number of key groups of a job that sets none; fixed for the life of its state.
   * @default - derived from the parallelism
   */
  readonly maxParallelism?: number;
  /**
   * Drops the state of operators that the job had when it was deployed last and lacks now. Otherwise such a
   * deployment is refused.
   * @default false
   */
  readonly allowNonRestoredState?: boolean;
  /**
   * Where keyed state lives in a job that does not say so: `heap` in memory, `table` in a DynamoDB table.
   * @default 'heap'
   */
  readonly stateBackend?: StateBackend;
  /**
   * Memory of the function of each vertex; 1769 MB are one processor.
   * @default Size.mebibytes(1024)
   */
  readonly memory?: Size;
  /**
   * Disk of the functions that run the job. An object that a source reads from S3 has to fit on it.
   * @default Size.mebibytes(512)
   */
  readonly ephemeralStorage?: Size;
  /**
   * Longest time of one invocation.
   * @default Duration.minutes(1)
   */
  readonly timeout?: Duration;
  /**
   * Records that one invocation gets at most, 1 to 10,000.
   * @default 1000
   */
  readonly batchSize?: number;
  /**
   * How long records are gathered before an invocation, whole seconds up to 5 minutes.
   * @default Duration.seconds(1)
   */
  readonly batchWindow?: Duration;
  /**
   * Settings of single vertices, by their ids.
   * @default - all vertices are alike
   */
  readonly vertices?: Readonly<Record<string, VertexProps>>;
  /**
   * Time between two checkpoints, whole minutes. A job that has not moved takes none.
   * @default Duration.minutes(10)
   */
  readonly checkpointInterval?: Duration;
  /**
   * Age at which a checkpoint or savepoint that is not complete is aborted and counted as failed; whole
   * seconds up to an hour.
   * @default Duration.minutes(10)
   */
  readonly checkpointTimeout?: Duration;
  /**
   * Least time between the end of a complete checkpoint or savepoint and the next checkpoint, whole seconds
   * up to `checkpointInterval`. A checkpoint that comes too early is skipped; two are never taken at once,
   * if this is not 0.
   * @default Duration.seconds(0)
   */
  readonly minPauseBetweenCheckpoints?: Duration;
  /**
   * Complete checkpoints that are kept of each run, 1 to 100. Savepoints are not counted, and are kept.
   * @default 3
   */
  readonly retainedCheckpoints?: number;
  /**
   * What becomes of logs, state and checkpoints when the job is removed.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Environment variables of the functions that run the job.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Secrets whose text is in these environment variables when the job module is loaded at a cold start; not
   * at synthesis.
   * @default - none
   */
  readonly secrets?: Readonly<Record<string, JobSecret>>;
  /**
   * Network in which the functions that run the job are placed; it must reach the services.
   * @default - none
   */
  readonly vpc?: IVpc;
  /**
   * Subnets of `vpc`.
   * @default - the private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Security groups of the functions in `vpc`.
   * @default - a new one
   */
  readonly securityGroups?: readonly ISecurityGroup[];
  /**
   * Key that encrypts streams, tables, bucket, queue, environments and logs. The policy of an imported key
   * must let CloudWatch Logs use it already.
   * @default - keys of AWS
   */
  readonly encryptionKey?: IKey;
  /**
   * How long logs of the functions are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * Alarms on lag, dead letters, failed runs and late checkpoints; `false` for none.
   * @default - alarms that tell nobody
   */
  readonly alarms?: AlarmProps | false;
  /**
   * Reports records, errors and lag of each vertex beside those of the job: at most 6 metrics more a vertex,
   * which are billed by the month.
   * @default false
   */
  readonly vertexMetrics?: boolean;
  /**
   * Makes a CloudWatch dashboard, which is billed by the month.
   * @default false
   */
  readonly dashboard?: boolean;
}
