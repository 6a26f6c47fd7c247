/**
 * One history: a job, a world and a fault mix drawn from one seed, run until everything is done.
 *
 * First things go wrong as the mix says, while input arrives and coordinators work; then nothing goes wrong
 * any more, and within a bounded number of steps everything has to be consumed, sent and written (A13, A14).
 */
import { JobTables } from '../../coordinator/job-tables.ts';
import { restoreJob, startJob } from '../../coordinator/restore.ts';
import type { JobRecords } from '../../ports/job-records.ts';
import { AssertionError, type AssertionId } from './assertion-error.ts';
import { CoordinatorDriver } from './coordinator-driver.ts';
import { CutOracle } from './cut-oracle.ts';
import { drawFaultMix, type FaultMix } from './fault-mix.ts';
import { drawLifePlan, type LifePlan } from './life-plan.ts';
import type { Mutation } from './mutation.ts';
import { Scheduler } from './scheduler.ts';
import { SeededRandom } from './seeded-random.ts';
import { ownerOfShard, type SimulatedJob } from './simulated-job.ts';
import { Trace } from './trace.ts';
import { World } from './world.ts';

/** Where virtual time begins. Unit: ms since the epoch. */
const START_MS = Date.UTC(2026, 0, 1);
const FAULTY_STEPS_MAX = 6000;
const HEALED_STEPS_MAX = 12_000;
/** How long a quiet job stands still before its first restore. Unit: ms of virtual time. */
const QUIET_MS = 20 * 60_000;
const JOB = 'job';

/** What a history is made of. */
export interface SimulationOptions {
  readonly seed: number;
  readonly drawJob: (random: SeededRandom) => SimulatedJob;
  readonly mutation: Mutation;
  /** Lines of the trace that are kept. @default 0 */
  readonly traceLines?: number;
}

/** What became of a history. */
export interface SimulationResult {
  readonly seed: number;
  readonly job: string;
  readonly failure: { readonly assertion: AssertionId; readonly message: string } | undefined;
  readonly steps: number;
  /** Unit: ms of virtual time. */
  readonly virtualMs: number;
  /** The same for the same seed. */
  readonly traceHash: string;
  readonly trace: readonly string[];
}

/** Runs the history of one seed. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, traceLines = 0 } = options;
  const trace = new Trace(traceLines, START_MS);
  const random = new SeededRandom(seed);
  const scheduler = new Scheduler(random.fork(), trace, START_MS);
  const job = options.drawJob(random.fork());
  const faults = drawFaultMix(random.fork());
  const simulation = new Simulation({ scheduler, random, job, faults, mutation: options.mutation });
  const failure = await simulation.run().then(() => undefined, failureOf);
  if (failure !== undefined) scheduler.log('oracle', failure.message);
  const lines = trace.lines();
  return {
    seed,
    job: job.name,
    failure,
    steps: scheduler.steps,
    virtualMs: scheduler.now - START_MS,
    traceHash: trace.digest(),
    trace: lines,
  };
}

interface SimulationParts {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly job: SimulatedJob;
  readonly faults: FaultMix;
  readonly mutation: Mutation;
}

class Simulation {
  readonly #parts: SimulationParts;
  readonly #world: World;
  readonly #driver: CoordinatorDriver;
  readonly #plan: LifePlan;
  readonly #cuts: CutOracle;
  #lifeLeft: number;
  #currentRun = 'r1';
  readonly #finished = new Set<string>();

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    const { scheduler, random, job, faults, mutation } = parts;
    const durationMs = Math.max(
      1000,
      ...job.shards.map(({ records }) => records.reduce((sum, { afterMs }) => sum + afterMs, 0)),
    );
    this.#plan = drawLifePlan(random.fork(), { durationMs, pauseMsMax: faults.pauseMsMax });
    this.#lifeLeft = 1 + this.#plan.restores.length;
    const { rules, defects } = mutation;
    this.#world = new World({
      ...{ scheduler, job, jobName: JOB, faults, rules, defects },
      coordinatorLog: mutation.coordinatorLog,
      recordChanged: (key, before, after) => this.#recordChanged(key, before, after),
    });
    this.#cuts = new CutOracle(this.#world);
    this.#driver = new CoordinatorDriver({
      scheduler,
      faults: this.#world.faults,
      job: JOB,
      createProcess: (name) => this.#world.createProcess(name),
      portsOf: (process) => this.#world.coordinatorPorts(process),
      sweeps: mutation.sweeps,
      checkpointMinutes: this.#plan.checkpointMinutes,
      scanned: (heads) => this.#cuts.checkScan(heads),
      isPaused: () => this.#world.isPaused,
    });
  }

  async run(): Promise<void> {
    const { scheduler } = this.#parts;
    scheduler.log('world', this.#describe());
    this.#begin();
    const tail = this.#plan.tailSteps;
    const settled = () => this.#lifeLeft === 0 && this.#world.inputComplete && !this.#world.isPaused;
    await scheduler.run(FAULTY_STEPS_MAX, settled);
    await scheduler.run(tail, () => this.#isFinished());
    this.#world.heal();
    scheduler.log('world', 'nothing goes wrong any more');
    const stop = await scheduler.run(HEALED_STEPS_MAX, () => this.#isFinished());
    if (stop !== 'done') throw new AssertionError('A13', this.#unfinished(stop));
    this.#checkQuiet();
    this.#parts.job.checkOutput({
      history: this.#world.history,
      values: this.#world.sink.values(),
      run: this.#currentRun,
    });
  }

  /** One piece of work of the plan is done. */
  #stepDone(): void {
    this.#lifeLeft--;
    if (this.#lifeLeft === 0) this.#world.release();
  }

  #isFinished(): boolean {
    return this.#lifeLeft === 0 && this.#finished.has(this.#currentRun);
  }

  #describe(): string {
    const { job, faults } = this.#parts;
    const rates = Object.entries(faults).map(([name, value]) => `${name}=${Number(value).toPrecision(2)}`);
    return `${job.name} ${JSON.stringify(this.#plan)} ${rates.join(' ')}`;
  }

  #begin(): void {
    const { scheduler, job } = this.#parts;
    const { parallelism, restores, pauses, scans, collections, checkpoints } = this.#plan;
    const deployed = job.deploy(parallelism);
    const run = this.#currentRun;
    this.#world.deploy(run, 1, deployed);
    this.#world.start();
    this.#driver.start();
    this.#driver.untilDone(
      'starter',
      (ports) => startJob(ports, { job: JOB, run, plan: deployed.plan, code: deployed.code }),
      () => {
        this.#stepDone();
        this.#restoreNext(restores);
      },
    );
    for (const { atMs, ms } of pauses) {
      scheduler.after(atMs, () => this.#world.pause(ms));
      scheduler.after(atMs + ms + this.#world.random.spread(1, 60_000), () => this.#driver.collect());
    }
    for (const atMs of scans) scheduler.after(atMs, () => this.#driver.scan());
    for (const atMs of checkpoints) scheduler.after(atMs, () => this.#driver.takeCheckpoint());
    for (const atMs of collections) scheduler.after(atMs, () => this.#driver.collect());
  }

  /** Restores follow each other: each begins at its time, or when the one before is done. */
  #restoreNext([next, ...rest]: LifePlan['restores']): void {
    if (next === undefined) return;
    const { scheduler, job } = this.#parts;
    const quietMs = job.isQuiet ? QUIET_MS : 0;
    scheduler.after(Math.max(0, START_MS + quietMs + next.atMs - scheduler.now), () =>
      this.#restoreTwice(next.parallelism, () => this.#restoreNext(rest)),
    );
  }

  #restore(parallelism: number, done: () => void): void {
    const run = `r${this.#parts.scheduler.steps}`;
    const deployed = this.#parts.job.deploy(parallelism);
    const { plan, code } = deployed;
    this.#driver.untilDone(
      'restorer',
      async (ports) => {
        const lineage = await nextLineage(ports.records, run);
        this.#world.deploy(run, lineage, deployed);
        await restoreJob(ports, {
          ...{ job: JOB, run, plan, code, from: undefined, allowNonRestoredState: false },
          ownerOfShard: (vertex, shard) => ownerOfShard(shard, vertex.parallelism),
        });
      },
      (outcome) => {
        const stopped = outcome === 'fenced' && this.#isStopped();
        if (stopped) return this.#restore(parallelism, done);
        this.#stepDone();
        done();
      },
    );
  }

  /** True if two restores have given each other up: whoever started them starts one more. */
  #isStopped(): boolean {
    const run = fieldsOf(this.#world.records.get(`run/${JOB}/${this.#currentRun}`)?.value);
    return run.status === 'SEALED' || run.status === 'ABANDONED';
  }

  /** Another restore at about the same time: one of the two is told that it came too late. */
  #restoreTwice(parallelism: number, done: () => void): void {
    const { scheduler } = this.#parts;
    if (this.#world.random.chance(this.#world.faults().rival)) {
      this.#lifeLeft++;
      const begin = () => this.#restore(parallelism, () => {});
      scheduler.after(this.#world.random.spread(1, 20_000), begin);
    }
    this.#restore(parallelism, done);
  }

  #recordChanged(key: string, before: unknown, after: unknown): void {
    const [kind] = key.split('/');
    const [old, now] = [fieldsOf(before), fieldsOf(after)];
    if (kind === 'checkpoint') this.#cuts.checkpointChanged(old, now);
    if (kind === 'job') this.#currentRun = String(now.currentRun);
    if (kind !== 'run') return;
    const run = String(now.id);
    const { scheduler } = this.#parts;
    if (now.genesisWritten === true && old.genesisWritten !== true) {
      scheduler.after(this.#world.random.spread(10, 60_000), () => this.#world.connect(run));
    }
    if (now.status === 'SEALED') {
      scheduler.after(this.#world.random.spread(10, 300_000), () => this.#world.disconnect(run));
    }
    if (now.status === 'FINISHED') this.#finished.add(run);
  }

  /** A13 at the end. */
  #checkQuiet(): void {
    for (const { id, fold } of this.#world.history.subtasks) {
      if (id.run !== this.#currentRun) continue;
      const where = `${id.vertex}/${id.subtask}`;
      const parked = fold.parked.length;
      if (parked > 0) throw new AssertionError('A13', `${where} still has ${parked} parked frames`);
      if (fold.inboxPending) throw new AssertionError('A13', `${where} still has records of the run before`);
      if (fold.sentThrough < fold.version) throw new AssertionError('A13', `${where} has something to send`);
    }
  }

  #unfinished(stop: string): string {
    const heads = this.#world.history.subtasks
      .filter(({ id }) => id.run === this.#currentRun)
      .map(({ id, fold, head }) => {
        const state = head?.item.kind === 'seal' ? `sealed ${head.item.seal}` : 'open';
        const { version, sentThrough, parked, due, inboxPending } = fold;
        return `${id.vertex}/${id.subtask} v${version} st${sentThrough} ${state} due=${due ?? '-'} parked=${
          parked.length
        }${inboxPending ? ' inbox' : ''}`;
      });
    const why = stop === 'idle' ? 'nothing can happen any more' : `not done after ${HEALED_STEPS_MAX} steps`;
    const left = `${this.#lifeLeft} steps of coordinators left`;
    return `${why}; run ${this.#currentRun}, ${left}: ${heads.join('; ')}`;
  }
}

async function nextLineage(records: JobRecords, run: string): Promise<number> {
  const tables = new JobTables(records);
  const existing = (await tables.run({ job: JOB, run }))?.value.lineage;
  return existing ?? ((await tables.job(JOB))?.value.lineage ?? 0) + 1;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function failureOf(error: unknown): { readonly assertion: AssertionId; readonly message: string } {
  if (error instanceof AssertionError) return { assertion: error.assertion, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { assertion: 'invariant', message };
}
