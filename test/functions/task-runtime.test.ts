import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { TaskRuntime } from '../../functions/task-runtime.ts';
import { MemoryJobRecords } from '../../lib/adapters/memory/memory-job-records.ts';
import { MemoryObjectStore } from '../../lib/adapters/memory/memory-object-store.ts';
import { MemoryStreamTransport } from '../../lib/adapters/memory/memory-stream-transport.ts';
import { MemorySubtaskLog } from '../../lib/adapters/memory/memory-subtask-log.ts';
import { systemClock } from '../../lib/adapters/system/system-clock.ts';
import { defineJob, type JobDefinition } from '../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { FileSource } from '../../lib/connectors/file/file-source.ts';
import type { CoordinatorPorts } from '../../lib/coordinator/coordinator-ports.ts';
import { restoreJob, startJob } from '../../lib/coordinator/restore.ts';
import { createRunPlan, type RunPlan } from '../../lib/coordinator/run-plan.ts';
import type { Deployment } from '../../lib/core/deployment.ts';
import { createExecutionGraph } from '../../lib/graph/execution-graph.ts';
import { createJobGraph } from '../../lib/graph/job-graph.ts';
import { planHashOf } from '../../lib/graph/plan-hash.ts';
import { structureOf } from '../../lib/graph/structure.ts';
import { PRODUCTION_COORDINATOR_RULES } from '../../lib/protocol/coordinator-rules.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';

interface Word {
  readonly word: string;
}

const JOB = 'words';
const STREAM = 'words-in';
const MINUTE_MS = 60_000;

function wordJob(rows: KeptRows, suffix = ''): JobDefinition {
  return defineJob('words', (env) => {
    env
      .fromSource(FileSource.ndjson<Word>('words.ndjson'), WatermarkStrategy.noWatermarks<Word>(), 'words')
      .keyBy(({ word }) => word)
      .map(({ word }) => `${word}${suffix}`)
      .uid('mark')
      .sinkTo(rows);
  });
}

/** Both functions of a deployed job, over stores in memory. */
class DeployedWords {
  readonly rows = new KeptRows();
  readonly records = new MemoryJobRecords();
  readonly objects = new MemoryObjectStore(systemClock);
  readonly log = new MemorySubtaskLog(64);
  readonly transport = new MemoryStreamTransport();
  readonly job: JobDefinition;
  readonly plan: RunPlan;
  readonly deployment: Deployment;
  #numbers = 0;

  constructor(job?: JobDefinition) {
    this.job = job ?? wordJob(this.rows);
    this.plan = createRunPlan(createExecutionGraph(createJobGraph(this.job.createGraph())));
    this.deployment = {
      job: JOB,
      code: 'code-1',
      planHash: planHashOf(this.job.createGraph()),
      settings: {},
      logTable: '',
      jobTable: '',
      bucket: '',
      streams: { mark: { name: 'mark-in', shards: 1 } },
      bindings: { words: { kind: 'kinesis-source', stream: STREAM, arn: '' } },
    };
  }

  get ports(): CoordinatorPorts {
    const { log, objects, records } = this;
    let nonces = 0;
    return {
      ...{ log, objects, records, clock: systemClock, rules: PRODUCTION_COORDINATOR_RULES },
      invoker: { invoke: async () => {} },
      nonce: () => `c${++nonces}-${++this.#numbers}`,
    };
  }

  runtime(vertex: string, job = this.job): TaskRuntime {
    const { deployment, log, objects, records, transport } = this;
    return new TaskRuntime({
      ...{ job, deployment, vertex, transport, stores: { log, objects, records } },
      listShards: async () => [{ id: 'shardId-000000000000', parents: [] }],
      deployedPlan: () => structureOf(this.job.createGraph()),
    });
  }

  async start(run = 'run-1'): Promise<void> {
    const { plan } = this;
    await startJob(this.ports, { job: JOB, run, plan, code: this.deployment.code });
  }

  /** An event of the external stream. */
  words(...words: readonly string[]): KinesisStreamEvent {
    return this.#event(
      STREAM,
      words.map((word) => ({ bytes: Buffer.from(JSON.stringify({ word })), partitionKey: 'p' })),
    );
  }

  /** An event with all frames that were sent to the second function. */
  frames(): KinesisStreamEvent {
    const frames = this.transport.poll('mark/0');
    return this.#event(
      'mark-in',
      frames.map(({ bytes, run, sequenceNumber }) => ({ bytes, partitionKey: run, sequenceNumber })),
    );
  }

  #event(
    stream: string,
    records: readonly {
      readonly bytes: Uint8Array;
      readonly partitionKey: string;
      readonly sequenceNumber?: string;
    }[],
  ): KinesisStreamEvent {
    return {
      Records: records.map(({ bytes, partitionKey, sequenceNumber = this.#next() }) => ({
        awsRegion: 'us-east-1',
        eventID: `shardId-000000000000:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        eventSource: 'aws:kinesis',
        eventSourceARN: `arn:aws:kinesis:us-east-1:1:stream/${stream}`,
        eventVersion: '1.0',
        invokeIdentityArn: '',
        kinesis: {
          ...{ approximateArrivalTimestamp: 1, kinesisSchemaVersion: '1.0', partitionKey, sequenceNumber },
          data: Buffer.from(bytes).toString('base64'),
        },
      })),
    };
  }

  #next(): string {
    return String(++this.#numbers).padStart(20, '0');
  }
}

const soon = () => Date.now() + MINUTE_MS;

describe('the task functions of a job', () => {
  it('bring records through both vertices, exactly once whatever is delivered again', async () => {
    const deployed = new DeployedWords();
    await deployed.start();
    const [words, mark] = [deployed.runtime('words'), deployed.runtime('mark')];
    const batch = deployed.words('a', 'b', 'a');
    expect(await words.handle(batch, soon())).toEqual({ kind: 'success' });
    expect(await words.handle(batch, soon())).toEqual({ kind: 'success' });
    expect(await deployed.runtime('words').handle(batch, soon())).toEqual({ kind: 'success' });
    const frames = deployed.frames();
    for (const runtime of [mark, mark, deployed.runtime('mark')]) {
      expect(await runtime.handle(frames, soon())).toEqual({ kind: 'success' });
    }
    expect(deployed.rows.rows).toEqual(['a', 'a', 'b']);
    expect(words.takeMetrics()).toEqual([{ job: JOB, values: [['numRecordsIn', 3]] }]);
    expect(words.takeMetrics()).toEqual([{ job: JOB, values: [] }]);
  });

  it('fail their batches until there is a run of their code', async () => {
    const deployed = new DeployedWords();
    const words = deployed.runtime('words');
    const batch = deployed.words('a');
    const firstUncommitted = batch.Records[0]!.kinesis.sequenceNumber;
    const refused = { kind: 'failed', firstUncommitted, error: { code: 'IO_FAILED' } };
    expect(await words.handle(batch, soon())).toMatchObject(refused);
    await deployed.start();
    expect(await words.handle(batch, soon())).toEqual({ kind: 'success' });
  });

  it("I15: work for the run that is the job's when frames of another come", async () => {
    const deployed = new DeployedWords();
    await deployed.start();
    const [words, mark] = [deployed.runtime('words'), deployed.runtime('mark')];
    await words.handle(deployed.words('a'), soon());
    await mark.handle(deployed.frames(), soon());
    const { plan, deployment } = deployed;
    const request = { job: JOB, run: 'run-2', plan, code: deployment.code, from: undefined };
    await restoreJob(deployed.ports, { ...request, allowNonRestoredState: false });
    const batch = deployed.words('b');
    expect((await words.handle(batch, soon())).kind).toBe('failed');
    expect(await words.handle(batch, soon())).toEqual({ kind: 'success' });
    expect(await mark.handle(deployed.frames(), soon())).toEqual({ kind: 'success' });
    expect(deployed.rows.rows).toEqual(['a', 'b']);
  });

  it('run no user code of a run that has failed, until it is restored', async () => {
    let calls = 0;
    const job = defineJob('words', (env) => {
      env
        .fromSource(FileSource.ndjson<Word>('words.ndjson'), WatermarkStrategy.noWatermarks<Word>(), 'words')
        .filter(({ word }) => {
          calls++;
          if (calls === 1) throw new Error('The first record is wrong.');
          return word !== '';
        })
        .keyBy(({ word }) => word)
        .map(({ word }) => word)
        .uid('mark')
        .sinkTo(new KeptRows());
    });
    const failing = new DeployedWords(job);
    await failing.start();
    const words = failing.runtime('words');
    const batch = failing.words('a');
    for (let i = 0; i < 3; i++) expect((await words.handle(batch, soon())).kind).toBe('failed');
    expect(calls).toBe(1);
    const { plan, deployment } = failing;
    const request = { job: JOB, run: 'run-2', plan, code: deployment.code, from: undefined };
    await restoreJob(failing.ports, { ...request, allowNonRestoredState: false });
    expect(await words.handle(batch, soon())).toEqual({ kind: 'success' });
  });

  it('ignore requests of a run that is over', async () => {
    const deployed = new DeployedWords();
    await deployed.start();
    const tick = { millrace: 'tick', run: 'run-0', vertex: 'mark', subtask: 0 } as const;
    expect(await deployed.runtime('mark').handle(tick, soon())).toEqual({ kind: 'success' });
    const scan = await deployed.log.readFrom({ run: 'run-0', vertex: 'mark', subtask: 0 }, 1, 1);
    expect(scan.items).toEqual([]);
  });

  it('refuse to begin with another plan than the deployed one', () => {
    const deployed = new DeployedWords();
    const other = defineJob('words', (env) => {
      env
        .fromSource(FileSource.ndjson<Word>('words.ndjson'), WatermarkStrategy.noWatermarks<Word>(), 'words')
        .map(({ word }) => word)
        .uid('mark')
        .sinkTo(new KeptRows());
    });
    expect(() => deployed.runtime('mark', other)).toThrow(/builds another plan in its function/);
  });
});
