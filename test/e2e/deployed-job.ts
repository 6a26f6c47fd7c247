/** Deploys CDK apps into an emulator with the real command line, and looks at what their jobs do. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DynamoDbJobRecords } from '../../lib/adapters/dynamodb/dynamodb-job-records.ts';
import { DynamoDbSubtaskLog } from '../../lib/adapters/dynamodb/dynamodb-subtask-log.ts';
import { S3ObjectStore } from '../../lib/adapters/s3/s3-object-store.ts';
import { JobTables } from '../../lib/coordinator/job-tables.ts';
import { readSubtask } from '../../lib/coordinator/subtask-reader.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import type { AwsClients } from './aws-stores.ts';
import type { Emulator } from './emulator/emulator.ts';
import { until } from './until.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CDK = join(ROOT, 'node_modules/.bin/cdk');
const ENVIRONMENT = 'aws://000000000000/us-east-1';
const CDK_MS_MAX = 180_000;
const CONSUMED_MS_MAX = 120_000;
const EXECUTION_MS_MAX = 120_000;
const PAUSE_MS = 500;
const PUT_RECORDS_MAX = 500;

/** Outputs of a stack by their names, without the hash that CDK puts behind those of constructs. */
export type Outputs = Readonly<Record<string, string>>;

/** Bootstraps the emulator and deploys the one stack of an app. */
export async function deploy(emulator: Emulator, app: string): Promise<Outputs> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cdk-'));
  const outputsFile = join(folder, 'outputs.json');
  const command = `${process.execPath} --conditions=millrace-source ${app}`;
  const common = ['--no-notices', '--app', command, '--output', join(folder, 'cdk.out')];
  const options = { cwd: ROOT, env: { ...process.env, ...emulator.env }, timeout: CDK_MS_MAX };
  await run(CDK, ['bootstrap', ENVIRONMENT, ...common], options);
  const deployment = ['deploy', '--require-approval', 'never', '--outputs-file', outputsFile];
  await run(CDK, [...deployment, ...common], options);
  const stacks: Readonly<Record<string, Outputs>> = JSON.parse(readFileSync(outputsFile, 'utf8'));
  rmSync(folder, { recursive: true });
  return Object.assign({}, ...Object.values(stacks));
}

/** The output whose name begins so. Throws if there is none. */
export function outputOf(outputs: Outputs, prefix: string): string {
  const found = Object.entries(outputs).find(([name]) => name.startsWith(prefix));
  if (found !== undefined) return found[1];
  throw new Error(`The stack has no output ${prefix}…: ${Object.keys(outputs).join(', ')}`);
}

/** Puts lines into a stream, in order, those of one key into one shard; the sequence number of the last. */
export async function putLines(
  { kinesis }: AwsClients,
  StreamName: string,
  lines: readonly string[],
  keyOf: (line: string) => string = () => 'lines',
): Promise<string> {
  let last = '';
  for (let i = 0; i < lines.length; i += PUT_RECORDS_MAX) {
    const Records = lines
      .slice(i, i + PUT_RECORDS_MAX)
      .map((line) => ({ Data: Buffer.from(line), PartitionKey: keyOf(line) }));
    const answer = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    if (answer.FailedRecordCount !== 0) throw new Error(`${StreamName} has refused records.`);
    last = answer.Records?.at(-1)?.SequenceNumber ?? last;
  }
  return last;
}

/** Waits until a source has consumed a record of its only shard. Throws if that takes too long. */
export async function untilConsumed(
  { dynamo, s3 }: AwsClients,
  outputs: Outputs,
  source: { readonly vertex: string; readonly sequenceNumber: string },
): Promise<void> {
  const job = outputOf(outputs, 'JobJobName');
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  const tableOf = (part: string) => TableNames.find((name) => name.includes(part)) ?? part;
  const records = new DynamoDbJobRecords({ client: dynamo, table: tableOf('JobJobs'), job });
  const ringSize = LIMITS.logRingSlots;
  const log = new DynamoDbSubtaskLog({ client: dynamo, table: tableOf('JobLog'), ringSize });
  const objects = new S3ObjectStore({ client: s3, bucket: outputOf(outputs, 'JobBucket') });
  await until({
    what: `${source.vertex} has consumed its input`,
    msMax: CONSUMED_MS_MAX,
    pauseMs: PAUSE_MS,
    look: async () => {
      const run = (await new JobTables(records).job(job))?.value.currentRun ?? '';
      const { fold } = await readSubtask({ log, objects }, { run, vertex: source.vertex, subtask: 0 });
      return [...fold.positions.values()].includes(source.sequenceNumber) ? true : undefined;
    },
  });
}

/** Lines of all objects below a prefix, in no certain order. */
export async function linesIn(
  { s3 }: AwsClients,
  Bucket: string,
  Prefix: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  let token: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: token }));
    for (const { Key } of page.Contents ?? []) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const text = (await Body?.transformToString()) ?? '';
      lines.push(...text.split('\n').filter((line) => line !== ''));
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return lines;
}

/** Runs a state machine to its end; its output. Throws unless it succeeds in time. */
export async function execute(
  { endpoint }: Emulator,
  stateMachineArn: string,
  input: unknown = {},
): Promise<Readonly<Record<string, unknown>>> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SFNClient({ endpoint, region: 'us-east-1', credentials });
  const start = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  const { executionArn } = await client.send(start);
  return until({
    what: `${stateMachineArn} is done`,
    msMax: EXECUTION_MS_MAX,
    pauseMs: PAUSE_MS,
    look: async () => {
      const { status, output, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return JSON.parse(output ?? '{}');
      if (status !== 'RUNNING') throw new Error(`${stateMachineArn} is ${status}: ${cause}`);
      return undefined;
    },
  });
}
