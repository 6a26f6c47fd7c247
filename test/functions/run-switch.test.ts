/** One deployment takes over from another. */
import { describe, expect, it } from 'vitest';
import { findCurrentRun } from '../../functions/run-directory.ts';
import { pauseSince, reachRun, type SwitchRequest } from '../../functions/run-switch.ts';
import { defineJob, type JobDefinition } from '../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { FileSource } from '../../lib/connectors/file/file-source.ts';
import type { KeyedProcessFunction } from '../../lib/core/functions/process-function.ts';
import { type ValueState, ValueStateDescriptor } from '../../lib/core/state.ts';
import type { RuntimeContext } from '../../lib/index.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { successfulWrites } from './counted-calls.ts';
import { CutCalls } from './cut-calls.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { words } from './word-job.ts';

interface Word {
  readonly word: string;
}

interface CountOptions {
  readonly uid?: string;
  readonly separator?: string;
  /** What `open` throws. */
  readonly failure?: string;
}

class Counting implements KeyedProcessFunction<string, Word, string> {
  readonly #separator: string;
  readonly #failure: string | undefined;
  #count!: ValueState<number>;

  constructor({ separator = ':', failure }: CountOptions) {
    this.#separator = separator;
    this.#failure = failure;
  }

  open(context: RuntimeContext): void {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    this.#count = context.getState(new ValueStateDescriptor<number>('count', 0));
  }

  processElement({ word }: Word, _: unknown, out: { collect(row: string): void }): void {
    const count = (this.#count.value() ?? 0) + 1;
    this.#count.update(count);
    out.collect(`${word}${this.#separator}${count}`);
  }
}

/** Counts words; rows are `word:count`. */
function countingJob(rows: KeptRows, options: CountOptions = {}): JobDefinition {
  return defineJob('words', (env) => {
    env
      .fromSource(FileSource.ndjson<Word>('words.ndjson'), WatermarkStrategy.noWatermarks<Word>(), 'words')
      .setParallelism(1)
      .keyBy(({ word }) => word)
      .process(() => new Counting(options))
      .uid(options.uid ?? 'count')
      .sinkTo(rows)
      .uid('rows');
  });
}

interface Change extends CountOptions {
  readonly parallelism?: number;
  readonly code?: string;
  readonly allowNonRestoredState?: boolean;
  readonly reads?: string;
}

/** A stack that is deployed again and again. */
class Stack {
  readonly rows = new KeptRows();
  readonly deployed: DeployedFunctions;
  #requests = 0;

  constructor() {
    this.deployed = new DeployedFunctions({ job: countingJob(this.rows), source: 'words' });
  }

  /** Changes the functions, as CloudFormation does, and then the run. */
  async deploy(change: Change): Promise<number> {
    return (await reachRun(this.asking, this.changed(change))) ?? 0;
  }

  /** Changes the functions alone; what the change of the run is asked with. */
  changed(change: Change): SwitchRequest {
    const { deployed, rows } = this;
    const { parallelism = 2, code = `code-${this.#requests}` } = change;
    deployed.redeploy({ job: countingJob(rows, change), source: 'words', parallelism, code });
    const plan = {
      ...deployed.plan,
      vertices: deployed.plan.vertices.map((v) => ({ ...v, ...reads(change.reads, v.source) })),
    };
    return {
      ...{ job: 'words', run: `run-${++this.#requests}`, plan, code },
      allowNonRestoredState: change.allowNonRestoredState ?? false,
    };
  }

  get asking() {
    const { deployed } = this;
    const ask: DeployedFunctions['ask'] = (subtask, question) => deployed.ask(subtask, question);
    return { ports: deployed.ports, ask };
  }

  async current() {
    const run = await findCurrentRun(this.deployed.ports.records, 'words');
    if (run === undefined) throw new Error('There is no run.');
    return run;
  }

  /** Feeds words and brings them to the rows. */
  async feed(...texts: readonly string[]): Promise<void> {
    expect(await this.deployed.read('words', 0, words(...texts))).toEqual({ kind: 'success' });
    await this.forward();
  }

  async forward(): Promise<void> {
    for (const { id, source, parallelism } of this.deployed.plan.vertices) {
      if (source) continue;
      for (let i = 0; i < parallelism; i++) await this.deployed.forward(id, i);
    }
  }
}

function reads(origin: string | undefined, source: boolean) {
  return origin === undefined || !source ? {} : { reads: origin };
}

async function started(): Promise<Stack> {
  const stack = new Stack();
  await stack.deployed.start('run-0');
  return stack;
}

describe('a changed deployment', () => {
  it('goes on with the state of the one before and with what was on its way', async () => {
    const stack = await started();
    await stack.feed('a', 'b', 'a');
    await stack.deployed.read('words', 0, words('c', 'a'));
    await stack.deploy({ parallelism: 3, separator: '=' });
    await stack.feed('a', 'b');
    await stack.deploy({ parallelism: 1 });
    await stack.feed('c');
    expect(stack.rows.rows).toEqual(['a:1', 'a:2', 'a=3', 'a=4', 'b:1', 'b=2', 'c:2', 'c=1']);
    expect(await stack.current()).toMatchObject({ lineage: 3, status: 'RUNNING' });
  });

  it('tells how long nothing was committed, if something comes', async () => {
    const stack = await started();
    await stack.deployed.read('words', 0, words('a'));
    const sealedAt = await stack.deploy({ separator: '=' });
    const { id: run, plan } = await stack.current();
    expect(await pauseSince(stack.deployed.ports, { run, plan, sealedAt })).toBeGreaterThanOrEqual(0);
    await stack.forward();
    await stack.deploy({});
  });

  it('is refused before anything is touched if it would lose state, and takes over if it may', async () => {
    const stack = await started();
    await stack.feed('a');
    stack.deployed.calls.take();
    await expect(stack.deploy({ uid: 'other' })).rejects.toMatchObject({ code: 'STATE_NOT_RESTORED' });
    expect(successfulWrites(stack.deployed.calls.take())).toEqual([]);
    expect(await stack.current()).toMatchObject({ id: 'run-0', status: 'RUNNING' });
    await stack.deploy({ uid: 'other', allowNonRestoredState: true });
    await stack.feed('a');
    expect(stack.rows.rows).toEqual(['a:1', 'a:1']);
  });

  it('is refused before anything is touched if a source reads another stream', async () => {
    const stack = await started();
    await stack.deploy({ reads: 'arn:one' });
    await stack.feed('a');
    stack.deployed.calls.take();
    const refused = stack.deploy({ reads: 'arn:two' });
    await expect(refused).rejects.toThrow(/words has read arn:one and is to read arn:two now/);
    expect(successfulWrites(stack.deployed.calls.take())).toEqual([]);
  });

  it('is refused before anything is touched if its code does not load', async () => {
    const stack = await started();
    await stack.feed('a');
    stack.deployed.calls.take();
    const { asking, deployed } = stack;
    const request = {
      job: 'words',
      run: 'run-1',
      plan: deployed.plan,
      code: 'x',
      allowNonRestoredState: false,
    };
    const ask = () => Promise.reject(new Error('SyntaxError: Unexpected token'));
    const refused = reachRun({ ...asking, ask }, request);
    await expect(refused).rejects.toThrow('Unexpected token');
    expect(successfulWrites(deployed.calls.take())).toEqual([]);
  });

  it('that cannot begin is given up for the one before, which goes on with everything', async () => {
    const stack = await started();
    await stack.feed('a', 'b');
    await stack.deployed.read('words', 0, words('a'));
    await expect(stack.deploy({ failure: 'no such table' })).rejects.toThrow('no such table');
    // Also what the broken deployment was allowed to drop.
    await expect(
      stack.deploy({ uid: 'other', allowNonRestoredState: true, failure: 'still none' }),
    ).rejects.toThrow('still none');
    await stack.deploy({ code: 'code-of-before' });
    await stack.feed('b');
    expect(stack.rows.rows).toEqual(['a:1', 'a:2', 'b:1', 'b:2']);
  });
});

const NEXT = { separator: '=', parallelism: 3, code: 'next' };
/** More than a switch makes. */
const CHANGES_MAX = 500;

/** A stack whose switch to NEXT ended behind so many changes; undefined if it was over by then. */
async function cutOff(changes: number) {
  const stack = await started();
  await stack.feed('a', 'b', 'a');
  await stack.deployed.read('words', 0, words('c', 'a'));
  const request = stack.changed(NEXT);
  const cut = new CutCalls(changes);
  const { ports, ask } = stack.asking;
  try {
    await reachRun({ ports: cut.ports(ports), ask: cut.of({ ask }).ask }, request);
    return undefined;
  } catch {
    return { stack, request };
  }
}

/** Every record counts once, those that come now by the code that is deployed. */
async function goesOn(stack: Stack, separator: string): Promise<void> {
  expect(await stack.current()).toMatchObject({ status: 'RUNNING' });
  // Of a run whose switch has not begun they are still on their way.
  await stack.forward();
  await stack.feed('a', 'b');
  const { rows } = stack.rows;
  const counts = rows.map((row) => row.replace(/[:=]/, ' ')).sort();
  expect(counts).toEqual(['a 1', 'a 2', 'a 3', 'a 4', 'b 1', 'b 2', 'c 1']);
  expect(rows).toEqual(expect.arrayContaining([`a${separator}4`, `b${separator}2`]));
}

describe('a switch that is cut off, before any of its changes,', () => {
  it.each([
    ['is gone on with when it is repeated', (request: SwitchRequest) => request],
    [
      'is gone on with by the next deployment',
      (request: SwitchRequest) => ({ ...request, run: 'run-later' }),
    ],
  ])('%s', async (_, repeated) => {
    let changes = 0;
    for (; changes < CHANGES_MAX; changes++) {
      const cut = await cutOff(changes);
      if (cut === undefined) break;
      await reachRun(cut.stack.asking, repeated(cut.request));
      await goesOn(cut.stack, '=');
    }
    expect(changes).toBeGreaterThan(10);
    expect(changes).toBeLessThan(CHANGES_MAX);
  });

  it('is undone by a deployment of what there was', async () => {
    let changes = 0;
    for (; changes < CHANGES_MAX; changes++) {
      const cut = await cutOff(changes);
      if (cut === undefined) break;
      await cut.stack.deploy({ code: 'code-of-before' });
      await goesOn(cut.stack, ':');
    }
    expect(changes).toBeGreaterThan(10);
  });
});
