/** What Lambda is told, what is logged and what is counted of an invocation. */
import middy from '@middy/core';
import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logFailure } from '../../functions/middlewares/log-failure.ts';
import { taskHandler } from '../../functions/task.ts';
import type { TaskEvent } from '../../functions/task-event.ts';
import { JobTables } from '../../lib/coordinator/job-tables.ts';
import { decodeEntry } from '../../lib/core/codec/entry-codec.ts';
import {
  FencedError,
  InvariantError,
  RecordError,
  RetryableError,
  UserError,
} from '../../lib/core/errors.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { countsByName } from './counted-calls.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { wordJob, words } from './word-job.ts';

// Read when the module is loaded. As in a function: metrics are lines of its log.
vi.hoisted(() => {
  process.env.AWS_EMF_ENVIRONMENT = 'Lambda';
});

const MINUTE_MS = 60_000;
/** More than a batch makes. */
const CALLS_MAX = 50;

let output: Record<'log' | 'warn' | 'error', unknown[]>;
beforeEach(() => {
  output = { log: [], warn: [], error: [] };
  for (const level of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void output[level].push(line));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A running job; `seen` is its user code. */
async function runningJob(seen?: (word: string) => void) {
  const rows = new KeptRows();
  const deployed = new DeployedFunctions({ job: wordJob(rows, seen), source: 'words' });
  await deployed.start();
  deployed.calls.take();
  return { rows, deployed };
}

/** Calls the function as Lambda does. */
async function invoke(
  deployed: DeployedFunctions,
  { vertex, event, remaining = MINUTE_MS }: { vertex: string; event: TaskEvent; remaining?: number },
): Promise<KinesisStreamBatchResponse | undefined> {
  const handler = taskHandler(deployed.function(vertex));
  // The handler asks for the time that is left and for nothing else.
  const context = { getRemainingTimeInMillis: () => remaining } as Context;
  // What `batchResponse` answers.
  return (await handler(event, context)) as KinesisStreamBatchResponse | undefined;
}

const DONE: KinesisStreamBatchResponse = { batchItemFailures: [] };
const from = (itemIdentifier: string | undefined) => ({ batchItemFailures: [{ itemIdentifier }] });
const sequenceNumber = ({ Records }: KinesisStreamEvent, i: number) => Records.at(i)?.kinesis.sequenceNumber;

async function statusOf({ ports, deployment: { job } }: DeployedFunctions): Promise<string | undefined> {
  return (await new JobTables(ports.records).run({ job, run: 'run-1' }))?.value.status;
}

describe('the guard of time', () => {
  it('writes nothing and gives the whole batch back when the time is over before it begins', async () => {
    const { deployed } = await runningJob();
    const event = deployed.external(0, words('a', 'b'));
    const remaining = LIMITS.invocationMarginMs / 2;
    expect(await invoke(deployed, { vertex: 'words', event, remaining })).toEqual(
      from(sequenceNumber(event, 0)),
    );
    const calls = countsByName(deployed.calls.take());
    expect([calls['log.append'], calls['transport.send']]).toEqual([undefined, undefined]);
    expect(output.warn).toMatchObject([
      { message: expect.stringContaining('time of this invocation is over') },
    ]);
    expect(await invoke(deployed, { vertex: 'words', event })).toEqual(DONE);
  });

  it('drops the version whose user code took all the time, and makes it again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    let slow = true;
    const { deployed, rows } = await runningJob(() => {
      if (slow) vi.setSystemTime(Date.now() + MINUTE_MS);
      slow = false;
    });
    await deployed.read('words', 0, words('a'));
    const [event] = [0, 1].flatMap((i) => deployed.frames('mark', i));
    if (event === undefined) throw new Error('Nothing was sent.');
    expect(await invoke(deployed, { vertex: 'mark', event })).toEqual(from(sequenceNumber(event, 0)));
    expect(rows.rows).toEqual([]);
    expect(await invoke(deployed, { vertex: 'mark', event })).toEqual(DONE);
    expect(rows.rows).toEqual(['a']);
  });

  it.each([
    ['transport.send', 2 * LIMITS.versionRecordsMax, 'what follows the version that was sent last'],
    ['log.append', 0, 'everything while the last version is not sent, and no record is processed twice'],
  ])('over after the second %s, it gives back from record %i: %s', async (last, first) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { deployed, rows } = await runningJob();
    await deployed.read('words', 0, words('warm'));
    deployed.calls.take();
    const texts = Array.from({ length: 3 * LIMITS.versionRecordsMax }, (_, i) => `w${i}`);
    const event = deployed.external(0, words(...texts));
    let calls = 0;
    deployed.calls.interrupt = (moment, name) => {
      if (moment === 'after' && name === last && ++calls === 2) vi.setSystemTime(Date.now() + MINUTE_MS);
    };
    const answer = await invoke(deployed, { vertex: 'words', event });
    expect(answer).toEqual(from(sequenceNumber(event, first)));
    expect(countsByName(deployed.calls.take())['log.append']).toBe(2);
    expect(await invoke(deployed, { vertex: 'words', event: behind(event, answer) ?? event })).toEqual(DONE);
    expect(countsByName(deployed.calls.take())['log.append']).toBe(1);
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual([...texts, 'warm'].toSorted());
  });
});

describe('an invocation that waits for a store', () => {
  it('gives its batch back before it is stopped, and what it does later harms nothing', async () => {
    const { deployed, rows } = await runningJob();
    await deployed.read('words', 0, words('warm'));
    const event = deployed.external(0, words('a', 'b'));
    const gate = Promise.withResolvers<void>();
    let waits = 0;
    deployed.calls.delay = async (name) => {
      if (name === 'log.append' && waits++ === 0) await gate.promise;
    };
    const remaining = LIMITS.invocationMarginMs + 100;
    const answer = await invoke(deployed, { vertex: 'words', event, remaining });
    expect(answer).toEqual(from(sequenceNumber(event, 0)));
    expect(output.warn).toMatchObject([{ message: expect.stringContaining('until its time is over') }]);
    expect(await invoke(deployed, { vertex: 'words', event })).toEqual(DONE);
    gate.resolve();
    expect(await invoke(deployed, { vertex: 'words', event: deployed.external(0, words('c')) })).toEqual(
      DONE,
    );
    for (const i of [0, 1]) await deployed.forward('mark', i);
    expect(rows.rows).toEqual(['a', 'b', 'c', 'warm']);
  });
});

/** What Lambda delivers after an answer. */
function behind(
  { Records }: KinesisStreamEvent,
  answer: KinesisStreamBatchResponse | undefined,
): KinesisStreamEvent | undefined {
  const first = answer?.batchItemFailures[0]?.itemIdentifier;
  if (first === undefined) return undefined;
  return { Records: Records.filter(({ kinesis }) => kinesis.sequenceNumber >= first) };
}

describe('what user code and stores throw', () => {
  const passing = { status: 'RUNNING', level: 'warn' } as const;
  const lasting = { status: 'FAILED', level: 'error' } as const;
  it.each([
    [new RetryableError('IO_FAILED', 'Try again.'), passing],
    [new FencedError('RUN_FENCED', 'Somebody else works.'), passing],
    [new UserError('STATE_VALUE_INVALID', 'Not data.'), lasting],
    [new InvariantError('INVARIANT', 'A defect.'), lasting],
    [new TypeError('x is not a function'), lasting],
  ])('%s of a store gives the batch back; what does not pass fails the run', async (error, expected) => {
    const { deployed } = await runningJob();
    const event = deployed.external(0, words('a', 'b'));
    deployed.calls.interrupt = (moment, name) => {
      if (moment === 'before' && name === 'log.append') throw error;
    };
    expect(await invoke(deployed, { vertex: 'words', event })).toEqual(from(sequenceNumber(event, 0)));
    expect(await statusOf(deployed)).toBe(expected.status);
    expect(output[expected.level]).toHaveLength(1);
    expect(output[expected.level === 'warn' ? 'error' : 'warn']).toEqual([]);
  });

  it('a record that user code refuses fails the run, and the batch waits in its stream', async () => {
    const { deployed } = await runningJob((word) => {
      throw new RecordError('RECORD_INVALID', `${word} is no word.`);
    });
    await deployed.read('words', 0, words('a'));
    const [event] = [0, 1].flatMap((i) => deployed.frames('mark', i));
    if (event === undefined) throw new Error('Nothing was sent.');
    expect(await invoke(deployed, { vertex: 'mark', event })).toEqual(from(sequenceNumber(event, 0)));
    expect(await statusOf(deployed)).toBe('FAILED');
  });

  it('a request that fails throws, so that Lambda repeats it', async () => {
    const { deployed } = await runningJob();
    const event = { millrace: 'tick', run: 'run-1', vertex: 'words', subtask: 0 } as const;
    deployed.calls.interrupt = (_, name) => {
      if (name.startsWith('log.')) throw new RetryableError('IO_FAILED', 'The table does not answer.');
    };
    await expect(invoke(deployed, { vertex: 'words', event })).rejects.toMatchObject({ code: 'IO_FAILED' });
    deployed.calls.interrupt = () => {};
    expect(await invoke(deployed, { vertex: 'words', event })).toBeUndefined();
  });

  it('an answer without failures means that everything is in the log and sent, whatever failed', async () => {
    for (const mode of ['once', 'from then on'] as const) {
      for (const moment of ['before', 'after'] as const) {
        let reached = true;
        for (let k = 0; reached && k < CALLS_MAX; k++) reached = await answersTruly({ mode, moment, k });
      }
    }
  });
});

interface Fault {
  readonly mode: 'once' | 'from then on';
  readonly moment: 'before' | 'after';
  /** Calls before the first that fails. */
  readonly k: number;
}

/** False if the batch made no such call; the rest of the batch is delivered until it is done. */
async function answersTruly({ mode, moment, k }: Fault): Promise<boolean> {
  const { deployed, rows } = await runningJob();
  const event = deployed.external(0, words('a', 'b', 'c'));
  let calls = 0;
  deployed.calls.interrupt = (when) => {
    if (when !== moment) return;
    const fails = mode === 'once' ? calls === k : calls >= k;
    calls++;
    if (fails) throw new RetryableError('IO_FAILED', 'The store does not answer.');
  };
  const answer = await invoke(deployed, { vertex: 'words', event });
  deployed.calls.interrupt = () => {};
  const id = { run: 'run-1', vertex: 'words', subtask: 0 };
  const { items } = await deployed.log.readFrom(id, 1, 10);
  const entries = items.map(({ payload }) =>
    decodeEntry(payload.kind === 'inline' ? payload.bytes : new Uint8Array()),
  );
  const position = entries.flatMap(({ positions }) => Object.values(positions)).at(-1) ?? '';
  const frames = entries.flatMap(({ outbox }) => outbox.map(({ target, cseq }) => `${target} ${cseq}`));
  const first = answer?.batchItemFailures[0]?.itemIdentifier;
  if (first === undefined) {
    expect(position).toBe(sequenceNumber(event, -1));
    const sent = ['mark/0', 'mark/1'].flatMap((target) => deployed.sent.poll(target));
    expect(sent.length).toBeGreaterThanOrEqual(frames.length);
  }
  const rest = behind(event, answer);
  if (rest !== undefined) expect(await invoke(deployed, { vertex: 'words', event: rest })).toEqual(DONE);
  for (const i of [0, 1]) await deployed.forward('mark', i);
  expect(rows.rows).toEqual(['a', 'b', 'c']);
  return calls > k;
}

describe('lines of the log', () => {
  it('are one for an invocation that failed, with where it was, and none for others', async () => {
    const { deployed } = await runningJob();
    const event = deployed.external(0, words('a', 'b'));
    await invoke(deployed, { vertex: 'words', event });
    expect([output.warn, output.error]).toEqual([[], []]);
    deployed.calls.interrupt = (_, name) => {
      if (name === 'log.append') throw new UserError('STATE_VALUE_INVALID', 'Not data.');
    };
    const next = deployed.external(0, words('c', 'd'));
    await invoke(deployed, { vertex: 'words', event: next });
    expect(output.error).toEqual([
      {
        ...{ message: 'Not data.', code: 'STATE_VALUE_INVALID', records: 2 },
        firstUncommitted: sequenceNumber(next, 0),
        eventId: next.Records[0]?.eventID,
        stack: expect.stringContaining('UserError: Not data.') as unknown,
      },
    ]);
  });
});

describe('metrics', () => {
  it('are one line for an invocation that counted something, with the names of Flink', async () => {
    const { deployed } = await runningJob();
    await invoke(deployed, { vertex: 'words', event: deployed.external(0, words('a', 'b')) });
    expect(output.log).toHaveLength(1);
    const line: unknown = JSON.parse(String(output.log[0]));
    expect(line).toMatchObject({
      ...{ Job: 'words', numRecordsIn: 2 },
      _aws: { CloudWatchMetrics: [{ Namespace: 'Millrace', Dimensions: [['Job']] }] },
    });
    const [event] = [0, 1].flatMap((i) => deployed.frames('mark', i));
    if (event !== undefined) await invoke(deployed, { vertex: 'mark', event });
    expect(JSON.parse(String(output.log[1]))).toHaveProperty('numRecordsOut');
    const tick = { millrace: 'tick', run: 'run-0', vertex: 'words', subtask: 0 } as const;
    await invoke(deployed, { vertex: 'words', event: tick });
    expect(output.log).toHaveLength(2);
  });

  it('count a run that fails once', async () => {
    const { deployed } = await runningJob(() => {
      throw new Error('wrong');
    });
    await deployed.read('words', 0, words('a'));
    for (const event of [0, 1].flatMap((i) => deployed.frames('mark', i))) {
      for (let i = 0; i < 3; i++) await invoke(deployed, { vertex: 'mark', event });
    }
    const lines = output.log.map((line): unknown => JSON.parse(String(line)));
    expect(lines.filter((line) => JSON.stringify(line).includes('runsFailed'))).toMatchObject([
      { runsFailed: 1 },
    ]);
  });
});

describe('a function that throws', () => {
  it.each([
    [new UserError('STATE_CORRUPT', 'broken'), { message: 'broken', code: 'STATE_CORRUPT' }],
    [new AggregateError([new Error('a'), new Error('b')], 'two'), { message: 'two', causes: ['a', 'b'] }],
  ])('tells so in one line, with what it was invoked with (%s)', async (error, line) => {
    const handler = middy<{ readonly step: string }, void>()
      .use(logFailure())
      .handler(() => Promise.reject(error));
    const context = { getRemainingTimeInMillis: () => MINUTE_MS } as Context;
    await expect(handler({ step: 'a-step' }, context)).rejects.toBe(error);
    expect(output.error).toEqual([expect.objectContaining({ ...line, event: { step: 'a-step' } })]);
  });
});
