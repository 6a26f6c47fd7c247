import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { DeployablePlan } from './deployable-plan.ts';
import type { Stores } from './stores.ts';
import type { StreamJobProps } from './stream-job-props.ts';

/** What every part of a job is made from. */
export interface JobScope {
  readonly scope: Construct;
  /** Under which the job keeps its records. */
  readonly jobName: string;
  readonly plan: DeployablePlan;
  readonly props: StreamJobProps;
  readonly stores: Stores;
  readonly asset: Code;
  /** Of plan and bundle. */
  readonly code: string;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey: IKey | undefined;
  readonly logRetention: RetentionDays;
}
