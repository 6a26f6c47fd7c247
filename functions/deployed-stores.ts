/** The stores of a deployed job. */
import { dynamoDbClient } from '../lib/adapters/dynamodb/dynamodb-client.ts';
import { DynamoDbJobRecords } from '../lib/adapters/dynamodb/dynamodb-job-records.ts';
import { DynamoDbKeyedTable } from '../lib/adapters/dynamodb/dynamodb-keyed-table.ts';
import { DynamoDbSubtaskLog } from '../lib/adapters/dynamodb/dynamodb-subtask-log.ts';
import { s3Client } from '../lib/adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../lib/adapters/s3/s3-object-store.ts';
import type { Deployment } from '../lib/core/deployment.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { JobRecords } from '../lib/ports/job-records.ts';
import type { KeyedTable } from '../lib/ports/keyed-table.ts';
import type { ObjectStore } from '../lib/ports/object-store.ts';
import type { SubtaskLog } from '../lib/ports/subtask-log.ts';

export interface DeployedStores {
  readonly log: SubtaskLog;
  readonly objects: ObjectStore;
  readonly records: JobRecords;
  /** Undefined for a job whose keyed state is all in memory. */
  readonly table?: KeyedTable | undefined;
}

export function openStores({ job, logTable, jobTable, stateTable, bucket }: Deployment): DeployedStores {
  const client = dynamoDbClient();
  return {
    log: new DynamoDbSubtaskLog({ client, table: logTable, ringSize: LIMITS.logRingSlots }),
    objects: new S3ObjectStore({ client: s3Client(), bucket }),
    records: new DynamoDbJobRecords({ client, table: jobTable, job }),
    table: stateTable === undefined ? undefined : new DynamoDbKeyedTable({ client, table: stateTable }),
  };
}
