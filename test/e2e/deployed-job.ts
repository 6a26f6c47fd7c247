/** Deploys CDK apps into an emulator with the real command line, and looks at what their jobs do. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListStreamsCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { InvokeCommand, ListEventSourceMappingsCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type ExecutionOutput, StateMachine } from '../../lib/adapters/stepfunctions/state-machine.ts';
import { systemClock } from '../../lib/adapters/system/system-clock.ts';
import { readSubtask } from '../../lib/coordinator/subtask-reader.ts';
import type { AwsClients } from './aws-stores.ts';
import type { Emulator } from './emulator/emulator.ts';
import { storesOf } from './job-stores.ts';
import { scaled } from './scale.ts';
import type { Outputs } from './stack-outputs.ts';
import { until } from './until.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CDK = join(ROOT, 'node_modules/.bin/cdk');
const ENVIRONMENT = 'aws://000000000000/us-east-1';
const CDK_MS_MAX = 180_000;
/** Each refused or unanswered call takes all tries of its client. */
const CONSUMED_MS_MAX = scaled(120_000, 300_000);
const EXECUTION_MS_MAX = 120_000;
const PAUSE_MS = 500;
const PUT_RECORDS_MAX = 500;

/** Emulators in which stacks can be deployed. */
const bootstrapped = new WeakSet<Emulator>();

/** Bootstraps the emulator, once, and deploys the one stack of an app. */
export async function deploy(
  emulator: Emulator,
  app: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Outputs> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cdk-'));
  const outputsFile = join(folder, 'outputs.json');
  const cdk = (words: readonly string[]) => runCdk(words, { emulator, app, folder, environment });
  if (!bootstrapped.has(emulator)) await cdk(['bootstrap', ENVIRONMENT]);
  bootstrapped.add(emulator);
  const options = ['--require-approval', 'never', '--method', 'direct'];
  await cdk(['deploy', ...options, '--outputs-file', outputsFile]);
  const stacks: Readonly<Record<string, Outputs>> = JSON.parse(readFileSync(outputsFile, 'utf8'));
  rmSync(folder, { recursive: true });
  return Object.assign({}, ...Object.values(stacks));
}

/** Removes the one stack of an app. */
export async function destroy(
  emulator: Emulator,
  app: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cdk-'));
  await runCdk(['destroy', '--force'], { emulator, app, folder, environment });
  rmSync(folder, { recursive: true });
}

interface CdkCall {
  readonly emulator: Emulator;
  readonly app: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function runCdk(
  words: readonly string[],
  { emulator, app, folder, environment }: CdkCall,
): Promise<void> {
  const command = `${process.execPath} --conditions=millrace-source ${app}`;
  const common = ['--no-notices', '--app', command, '--output', join(folder, 'cdk.out')];
  const env = { ...process.env, ...emulator.env, ...environment };
  await run(CDK, [...words, ...common], { cwd: ROOT, env, timeout: CDK_MS_MAX });
}

/** What there is in an emulator, by names. */
export async function resourcesOf({ dynamo, kinesis, lambda }: AwsClients) {
  const [{ TableNames: tables = [] }, { StreamNames: streams = [] }, { Functions = [] }, found] =
    await Promise.all([
      dynamo.send(new ListTablesCommand({})),
      kinesis.send(new ListStreamsCommand({})),
      lambda.send(new ListFunctionsCommand({})),
      lambda.send(new ListEventSourceMappingsCommand({})),
    ]);
  const functions = Functions.map(({ FunctionName }) => FunctionName);
  const mappings = (found.EventSourceMappings ?? []).map(({ UUID }) => UUID);
  return { tables, streams, functions, mappings };
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
  clients: AwsClients,
  outputs: Outputs,
  {
    construct = 'Job',
    vertex,
    sequenceNumber,
  }: { readonly construct?: string; readonly vertex: string; readonly sequenceNumber: string },
): Promise<void> {
  const stores = await storesOf(clients, outputs, construct);
  await until({
    what: `${vertex} has consumed its input`,
    msMax: CONSUMED_MS_MAX,
    pauseMs: PAUSE_MS,
    look: async () => {
      const { id } = await stores.currentRun();
      const { fold } = await readSubtask(stores, { run: id, vertex, subtask: 0 });
      return [...fold.positions.values()].includes(sequenceNumber) ? true : undefined;
    },
  });
}

/** Sweeps once, as the schedule does each minute. */
export async function sweep({ lambda }: AwsClients, construct: string): Promise<void> {
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({ MaxItems: 50 }));
  const sweeper = Functions.find(({ FunctionName = '' }) => FunctionName.includes(`${construct}Sweeper`));
  await lambda.send(new InvokeCommand({ FunctionName: sweeper?.FunctionName }));
}

/** Sweeps, as the schedule does each minute, until the job has finished. Throws if it fails. */
export async function sweepUntilFinished(
  clients: AwsClients,
  outputs: Outputs,
  construct: string,
): Promise<void> {
  const stores = await storesOf(clients, outputs, construct);
  await until({
    what: `the job of ${construct} has finished`,
    msMax: CONSUMED_MS_MAX,
    pauseMs: PAUSE_MS,
    look: async () => {
      await sweep(clients, construct);
      const { status } = await stores.currentRun();
      if (status === 'FAILED') throw new Error(`The job of ${construct} has failed.`);
      return status === 'FINISHED' ? true : undefined;
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
): Promise<ExecutionOutput> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new SFNClient({ endpoint, region: 'us-east-1', credentials });
  const machine = new StateMachine({ client, clock: systemClock }, stateMachineArn);
  return machine.run({ name: randomUUID(), input, msMax: EXECUTION_MS_MAX });
}
