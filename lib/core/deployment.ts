/** What synthesis hands the functions of a deployed job, as JSON in an environment variable. */

/** Prefix of the CDK context values that set the parallelism of a job, by the name of its records. */
export const PARALLELISM_CONTEXT = 'millrace:parallelism:';

/** Where the functions of a job find what they work with. */
export interface Deployment {
  /** Unique in the account and region: names the job's records. */
  readonly job: string;
  /** Hash of plan and bundle: what log items carry. */
  readonly code: string;
  /** Of `planHashOf`: that of the bundle must be the same. */
  readonly planHash: string;
  /** For jobs that set none of their own. */
  readonly settings: DeploymentSettings;
  readonly logTable: string;
  readonly jobTable: string;
  readonly bucket: string;
  /** Only with the `table` state backend. */
  readonly stateTable?: string;
  /** Internal streams by the id of the vertex that reads them. */
  readonly streams: Readonly<Record<string, DeployedStream>>;
  /** Function names by vertex id; coordinator and sweeper only. */
  readonly functions?: Readonly<Record<string, string>>;
  /** Coordinator and sweeper only. */
  readonly checkpoints?: CheckpointSettings;
  /** Vertices report metrics of their own beside those of the job. @default false */
  readonly vertexMetrics?: boolean;
  /** By operator uid, or name if it has none. */
  readonly bindings: Readonly<Record<string, BindingData>>;
}

export interface DeploymentSettings {
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  readonly stateBackend?: 'heap' | 'table';
}

/** What the job sets; the rest is as `LIMITS` has it. */
export interface CheckpointSettings {
  /** Age at which a checkpoint that is not complete is aborted. */
  readonly timeoutMs?: number;
  /** Least time between the end of a complete checkpoint and the next. */
  readonly minPauseMs?: number;
  /** Complete checkpoints that are kept of each run. */
  readonly retained?: number;
}

export interface DeployedStream {
  readonly name: string;
  readonly shards: number;
}

/** What the connector of an operator is replaced by. */
export type BindingData =
  | { readonly kind: 'kinesis-source'; readonly stream: string; readonly arn: string }
  | { readonly kind: 's3-source'; readonly bucket: string; readonly prefix: string; readonly watch: boolean }
  | { readonly kind: 'dynamodb-source'; readonly arn: string }
  | { readonly kind: 'kinesis-sink'; readonly stream: string; readonly partitionKey?: string }
  | { readonly kind: 's3-sink'; readonly bucket: string; readonly prefix: string }
  | {
      readonly kind: 'dynamodb-sink';
      readonly table: string;
      readonly partitionKey: string;
      readonly sortKey?: string;
    }
  | { readonly kind: 'sqs-sink'; readonly queueUrl: string };
