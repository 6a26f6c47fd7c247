/** The stores of deployed jobs, and whether their checkpoints are consistent cuts. */
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'vitest';
import { DynamoDbJobRecords } from '../../lib/adapters/dynamodb/dynamodb-job-records.ts';
import { DynamoDbSubtaskLog } from '../../lib/adapters/dynamodb/dynamodb-subtask-log.ts';
import { S3ObjectStore } from '../../lib/adapters/s3/s3-object-store.ts';
import { runOf } from '../../lib/coordinator/checkpoint.ts';
import {
  type CheckpointManifest,
  decodeCheckpoint,
  inFlightOf,
} from '../../lib/coordinator/checkpoint-manifest.ts';
import { readCut, readInFlight } from '../../lib/coordinator/cut-reader.ts';
import { JobTables, type RunState } from '../../lib/coordinator/job-tables.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { readObject } from '../../lib/ports/stored-objects.ts';
import type { AwsClients } from './aws-stores.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';

/** The stores of the job of a construct. */
export class JobStores {
  readonly records: DynamoDbJobRecords;
  readonly log: DynamoDbSubtaskLog;
  readonly objects: S3ObjectStore;
  readonly job: string;

  constructor({ dynamo, s3 }: AwsClients, outputs: Outputs, { construct, tables }: StackParts) {
    const tableOf = (part: string) => tables.find((name) => name.includes(part)) ?? part;
    this.job = outputOf(outputs, `${construct}JobName`);
    this.records = new DynamoDbJobRecords({
      ...{ client: dynamo, job: this.job },
      table: tableOf(`${construct}Jobs`),
    });
    const ringSize = LIMITS.logRingSlots;
    this.log = new DynamoDbSubtaskLog({ client: dynamo, table: tableOf(`${construct}Log`), ringSize });
    this.objects = new S3ObjectStore({ client: s3, bucket: outputOf(outputs, `${construct}Bucket`) });
  }

  async currentRun(): Promise<RunState> {
    const tables = new JobTables(this.records);
    const run = (await tables.job(this.job))?.value.currentRun ?? '';
    return (await runOf({ records: this.records }, { job: this.job, run })).value;
  }
}

interface StackParts {
  readonly construct: string;
  readonly tables: readonly string[];
}

export async function storesOf(clients: AwsClients, outputs: Outputs, construct: string): Promise<JobStores> {
  const { TableNames = [] } = await clients.dynamo.send(new ListTablesCommand({}));
  return new JobStores(clients, outputs, { construct, tables: TableNames });
}

/**
 * The checkpoints of the current run that are complete. Throws unless each of them is a cut: nothing was
 * consumed that was not produced (I11), and state and frames in flight can be read as it names them (I12).
 */
export async function consistentCheckpoints(stores: JobStores): Promise<readonly CheckpointManifest[]> {
  const { id } = await stores.currentRun();
  const checkpoints = (await new JobTables(stores.records).checkpoints(id)).map(({ value }) => value);
  const names = checkpoints.flatMap(({ status, manifest }) =>
    status === 'COMPLETE' ? [manifest ?? ''] : [],
  );
  const manifests: CheckpointManifest[] = [];
  for (const name of names) {
    const manifest = decodeCheckpoint(await readObject(stores.objects, name), name);
    expect(inFlightOf(manifest.subtasks)).toEqual(manifest.inFlight);
    for (const cut of Object.values(manifest.subtasks)) {
      const { consumed, produced, positions } = (await readCut(stores, cut)).toRecords();
      expect({ consumed, produced, positions }).toEqual({
        consumed: cut.consumed,
        produced: cut.produced,
        positions: cut.positions,
      });
    }
    const frames = manifest.inFlight.reduce((sum, { after, through }) => sum + through - after, 0);
    expect(await readInFlight(stores, manifest)).toHaveLength(frames);
    manifests.push(manifest);
  }
  return manifests;
}
