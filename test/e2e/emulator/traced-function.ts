/** A stream, a function that notes what it is given, and the mapping between them. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  CreateFunctionCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { until } from '../until.ts';
import { zip } from './zip.ts';

const DELIVERED_MS_MAX = 20_000;
/** The whole range of hash keys. */
const KEYS = 1n << 128n;

/** A record, and what the function does with it. */
export interface Sample {
  readonly name: string;
  /** Milliseconds that its batch takes. */
  readonly holdMs?: number;
  /** How often its batch throws. */
  readonly throws?: number;
  /** How often it is reported as failed. */
  readonly fails?: number;
  /** Bytes that it is made larger by. */
  readonly padding?: string;
}

/** One invocation, as the function noted it. */
export interface Invocation {
  readonly shard: string;
  /** Names of the records of the batch. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly pid: number;
  /** Length of the event as JSON. */
  readonly bytes: number;
  /** Names of the records that it was done with: those before the first failure. */
  readonly done: readonly string[];
}

/** Runs in the function: it may use nothing of this module. */
const CODE = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const FILE = process.env.TRACE_FILE;
const before = () => {
  const lines = existsSync(FILE) ? readFileSync(FILE, 'utf8').split('\\n') : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line));
};
export const handler = async (event) => {
  const from = Date.now();
  const records = event.Records.map(({ kinesis, eventID }) => ({
    ...JSON.parse(Buffer.from(kinesis.data, 'base64').toString()),
    shard: eventID.split(':')[0],
    id: kinesis.sequenceNumber,
  }));
  const trace = before();
  const tries = (name) => trace.filter(({ names }) => names.includes(name)).length;
  const holdMs = Math.max(...records.map(({ holdMs = 0 }) => holdMs));
  await new Promise((resolve) => setTimeout(resolve, holdMs));
  const names = records.map(({ name }) => name);
  const thrown = records.some(({ name, throws = 0 }) => tries(name) < throws);
  const failed = records.filter(({ name, fails = 0 }) => tries(name) < fails);
  const done = thrown ? [] : failed.length > 0 ? names.slice(0, names.indexOf(failed[0].name)) : names;
  const bytes = JSON.stringify(event).length;
  const line = { shard: records[0].shard, names, from, to: Date.now(), pid: process.pid, bytes, done };
  appendFileSync(FILE, JSON.stringify(line) + '\\n');
  if (thrown) throw new Error('as asked');
  return { batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
};
`;

type MappingOptions = Partial<CreateEventSourceMappingCommandInput>;

/** Clients of an emulator, and what tests of mappings do with them. */
export class TracedFunctions {
  readonly kinesis: KinesisClient;
  readonly lambda: LambdaClient;
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-trace-'));

  constructor(endpoint: string) {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    // The emulator breaks HTTP/2.
    const options = { endpoint, region: 'us-east-1', credentials, requestHandler: new NodeHttpHandler() };
    this.kinesis = new KinesisClient(options);
    this.lambda = new LambdaClient(options);
  }

  /** A stream of some shards and a function, with no mapping yet. */
  async create(shards: number): Promise<TracedStream> {
    const name = `traced-${randomUUID()}`;
    const file = join(this.#folder, `${name}.ndjson`);
    await this.kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
    await this.lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: 'arn:aws:iam::000000000000:role/traced',
        Timeout: 30,
        Code: { ZipFile: zip({ 'index.mjs': CODE }) },
        Environment: { Variables: { TRACE_FILE: file } },
      }),
    );
    return new TracedStream(this, name, file);
  }

  close(): void {
    this.kinesis.destroy();
    this.lambda.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A stream and the function that is fed by it. */
export class TracedStream {
  readonly name: string;
  readonly #clients: TracedFunctions;
  readonly #file: string;

  constructor(clients: TracedFunctions, name: string, file: string) {
    this.#clients = clients;
    this.name = name;
    this.#file = file;
  }

  /** Maps the stream to the function, from its beginning unless told otherwise; the id of the mapping. */
  async map(options: MappingOptions = {}): Promise<string> {
    const command = new DescribeStreamSummaryCommand({ StreamName: this.name });
    const { StreamDescriptionSummary } = await this.#clients.kinesis.send(command);
    const { UUID } = await this.#clients.lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: this.name,
        EventSourceArn: StreamDescriptionSummary?.StreamARN,
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 100,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ...options,
      }),
    );
    if (UUID === undefined) throw new Error(`${this.name} has no mapping.`);
    return UUID;
  }

  async switch(UUID: string, Enabled: boolean): Promise<void> {
    await this.#clients.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  }

  /** Puts records, in order, to shard `shard` of `of` even ones. */
  async put(samples: readonly Sample[], place = { shard: 0, of: 1 }): Promise<void> {
    const width = KEYS / BigInt(place.of);
    const ExplicitHashKey = String(width * BigInt(place.shard) + width / 2n);
    const Records = samples.map((sample) => ({
      Data: Buffer.from(JSON.stringify(sample)),
      PartitionKey: sample.name,
      ExplicitHashKey,
    }));
    const { kinesis } = this.#clients;
    const answer = await kinesis.send(new PutRecordsCommand({ StreamName: this.name, Records }));
    if (answer.FailedRecordCount !== 0) throw new Error(`${this.name} has refused records.`);
  }

  /** All invocations until now, in the order of their ends. */
  invocations(): readonly Invocation[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line): Invocation => JSON.parse(line));
  }

  /** Waits until the function is done with these records; all invocations until then. */
  async delivered(names: readonly string[]): Promise<readonly Invocation[]> {
    return until({
      what: `${this.name} has got ${names.length} records`,
      msMax: DELIVERED_MS_MAX,
      pauseMs: 20,
      look: () => {
        const invocations = this.invocations();
        const done = new Set(invocations.flatMap((invocation) => invocation.done));
        return names.every((name) => done.has(name)) ? invocations : undefined;
      },
    });
  }
}

/** Samples with these names, all alike otherwise. */
export function samples(names: readonly string[], behaviour: Omit<Sample, 'name'> = {}): readonly Sample[] {
  return names.map((name) => ({ name, ...behaviour }));
}
