/**
 * One history: a job, a world and a fault mix drawn from one seed, run until everything is done.
 *
 * First things go wrong as the mix says, while input arrives and coordinators work; then nothing goes wrong
 * any more, and within a bounded number of steps everything has to be consumed, sent and written (A13, A14).
 */
import { restoreJob, startJob } from '../../coordinator/restore.ts';
import { subtaskPath } from '../../core/log/subtask-id.ts';
import { AssertionError, type AssertionId } from './assertion-error.ts';
import { CoordinatorDriver } from './coordinator-driver.ts';
import { CutOracle } from './cut-oracle.ts';
import { drawFaultMix, type FaultMix } from './fault-mix.ts';
import { drawLifePlan, type LifePlan, type PlannedRestore } from './life-plan.ts';
import type { Mutation } from './mutation.ts';
import { Scheduler } from './scheduler.ts';
import { SeededRandom } from './seeded-random.ts';
import { ownerOfShard, type SimulatedJob } from './simulated-job.ts';
import { Timeline } from './timeline.ts';
import { Trace } from './trace.ts';
import { describeHistory } from './trace-head.ts';
import { World } from './world.ts';

/** Where virtual time begins. Unit: ms since the epoch. */
const START_MS = Date.UTC(2026, 0, 1);
const FAULTY_STEPS_MAX = 6000;
const HEALED_STEPS_MAX = 12_000;
/** Longer, because restores of a job at rest each wait QUIET_MS, and every minute has its checkpoint. */
const RESTING_STEPS_MAX = 30_000;
/** How long a quiet job stands still before a restore. Unit: ms of virtual time. */
const QUIET_MS = 20 * 60_000;
const JOB = 'job';

/** What a history is made of. */
export interface SimulationOptions {
  readonly seed: number;
  readonly drawJob: (random: SeededRandom) => SimulatedJob;
  readonly mutation: Mutation;
  /** @default drawn from the seed */
  readonly faults?: FaultMix;
  /** What of the plan is not drawn from the seed. */
  readonly plan?: Partial<LifePlan>;
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
  const drawn = drawFaultMix(random.fork());
  const { faults = drawn, plan = {}, mutation } = options;
  const simulation = new Simulation({ scheduler, random, job, faults, plan, mutation });
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
  readonly plan: Partial<LifePlan>;
  readonly mutation: Mutation;
}

class Simulation {
  readonly #parts: SimulationParts;
  readonly #world: World;
  readonly #driver: CoordinatorDriver;
  readonly #plan: LifePlan;
  readonly #cuts: CutOracle;
  #lifeLeft: number;
  /** Restores wait until nothing comes any more. */
  readonly #standsStill: boolean;
  #currentRun = 'r1';
  readonly #finished = new Set<string>();

  constructor(parts: SimulationParts) {
    this.#parts = parts;
    const { scheduler, random, job, faults, mutation } = parts;
    const durationMs = Math.max(
      1000,
      ...job.shards.map(({ records }) => records.reduce((sum, { afterMs }) => sum + afterMs, 0)),
    );
    const drawn = drawLifePlan(random.fork(), { durationMs, pauseMsMax: faults.pauseMsMax });
    this.#plan = { ...drawn, ...parts.plan };
    this.#lifeLeft = 1 + this.#plan.restores.length;
    this.#standsStill = job.isQuiet && random.chance(0.7);
    const { rules, defects } = mutation;
    this.#world = new World({
      ...{ scheduler, job, jobName: JOB, faults, rules, defects },
      coordinatorLog: mutation.coordinatorLog,
      recordChanged: (key, before, after) => this.#recordChanged(key, before, after),
    });
    this.#cuts = new CutOracle(this.#world, job.ledger);
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
    for (const line of describeHistory(this.#parts, this.#plan)) scheduler.log('world', line);
    this.#begin();
    const tail = this.#plan.tailSteps;
    const settled = () => this.#lifeLeft === 0 && this.#world.input.resting && !this.#world.isPaused;
    await scheduler.run(FAULTY_STEPS_MAX, settled);
    await scheduler.run(tail, () => this.#isFinished());
    this.#world.heal();
    scheduler.log('world', 'nothing goes wrong any more');
    await this.#rest();
    const stop = await scheduler.run(HEALED_STEPS_MAX, () => this.#isFinished());
    if (stop !== 'done') throw new AssertionError('A13', this.#unfinished(stop));
    this.#checkQuiet();
    this.#checkOutput();
  }

  /** A13 without further input: whatever a subtask still has to do is done before the last records come. */
  async #rest(): Promise<void> {
    const { scheduler, job } = this.#parts;
    if (!job.isQuiet) return;
    const atRest = () => this.#lifeLeft === 0 && this.#world.input.resting && this.#unrest() === undefined;
    const stop = await scheduler.run(RESTING_STEPS_MAX, atRest);
    if (stop !== 'done')
      throw new AssertionError('A13', `at rest: ${this.#unrest() ?? this.#unfinished(stop)}`);
    this.#world.release();
  }

  /** A14: what an abandoned run wrote stays visible, and counts for nothing. */
  #checkOutput(): void {
    const { history, sink } = this.#world;
    const run = this.#currentRun;
    const timeline = new Timeline(run, {
      startOf: (id) => {
        const { restoredFrom } = this.#runOf(id);
        return typeof restoredFrom === 'string' ? restoredFrom : undefined;
      },
      manifest: this.#cuts.manifest,
    });
    const parts = sink.parts().filter(({ id }) => timeline.holds(id));
    const values = parts.flatMap((part) => part.values);
    this.#parts.job.checkOutput({ history, values, latest: sink.latest(), run });
  }

  #runOf(id: string): Readonly<Record<string, unknown>> {
    return fieldsOf(this.#world.records.get(`run/${JOB}/${id}`)?.value);
  }

  /** One piece of work of the plan is done. */
  #stepDone(): void {
    this.#lifeLeft--;
  }

  #isFinished(): boolean {
    return this.#lifeLeft === 0 && this.#finished.has(this.#currentRun);
  }

  #begin(): void {
    const { scheduler, job } = this.#parts;
    const { parallelism, restores, pauses, scans, collections, checkpoints } = this.#plan;
    const deployed = job.deploy(parallelism);
    const run = this.#currentRun;
    this.#world.deploy(run, deployed);
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
    const { scheduler } = this.#parts;
    const begin = () => this.#restoreTwice(next, () => this.#restoreNext(rest));
    if (this.#standsStill) this.#whenStill(begin);
    else scheduler.after(Math.max(0, START_MS + next.atMs - scheduler.now), begin);
  }

  /**
   * Runs `begin` when nothing comes any more: at once, while frames are still under way, or when rings have
   * been filled with epochs.
   */
  #whenStill(begin: () => void): void {
    const { random } = this.#world;
    const delayMs = random.chance(0.6) ? random.spread(1, 5000) : QUIET_MS;
    this.#world.input.whenResting(() => this.#parts.scheduler.after(delayMs, begin));
  }

  #restore(restore: PlannedRestore, done: () => void): void {
    const { parallelism, goesBack } = restore;
    const run = `r${this.#parts.scheduler.steps}`;
    const deployed = this.#parts.job.deploy(parallelism);
    const { plan, code } = deployed;
    // Every attempt is asked for the same.
    let chosen: { readonly from: string | undefined } | undefined;
    this.#driver.untilDone(
      'restorer',
      async (ports) => {
        this.#world.deploy(run, deployed);
        chosen ??= { from: goesBack ? this.#latestCheckpoint() : undefined };
        await restoreJob(ports, {
          ...{ job: JOB, run, plan, code, ...chosen, allowNonRestoredState: false },
          ownerOfShard: (vertex, shard) => ownerOfShard(shard, vertex.parallelism),
        });
      },
      (outcome) => {
        const stopped = outcome === 'fenced' && this.#isStopped();
        if (stopped) return this.#restore(restore, done);
        this.#stepDone();
        done();
      },
    );
  }

  /** Manifest of the last complete checkpoint of the run. */
  #latestCheckpoint(): string | undefined {
    const records = this.#world.records.list(`checkpoint/${this.#currentRun}/`);
    const complete = records
      .map(({ value }) => fieldsOf(value))
      .findLast(({ status, discarded }) => status === 'COMPLETE' && discarded !== true);
    return typeof complete?.manifest === 'string' ? complete.manifest : undefined;
  }

  /** True if two restores have given each other up: whoever started them starts one more. */
  #isStopped(): boolean {
    const run = this.#runOf(this.#currentRun);
    return run.status === 'SEALED' || run.status === 'ABANDONED';
  }

  /** Another restore at about the same time: one of the two is told that it came too late. */
  #restoreTwice(restore: PlannedRestore, done: () => void): void {
    const { scheduler } = this.#parts;
    if (this.#world.random.chance(this.#world.faults().rival)) {
      this.#lifeLeft++;
      const begin = () => this.#restore(restore, () => {});
      scheduler.after(this.#world.random.spread(1, 20_000), begin);
    }
    this.#restore(restore, done);
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
      this.#checkBegin(run, Number(now.lineage));
      scheduler.after(this.#world.random.spread(10, 60_000), () => this.#world.connect(run));
    }
    if (now.status === 'SEALED') {
      scheduler.after(this.#world.random.spread(10, 300_000), () => this.#world.disconnect(run));
    }
    if (now.status === 'FINISHED') this.#finished.add(run);
  }

  /** A10: a run begins when nothing can be appended to the logs of those before it. */
  #checkBegin(run: string, lineage: number): void {
    for (const { id, head } of this.#world.history.subtasks) {
      if (head === undefined || Number(this.#runOf(id.run).lineage) >= lineage) continue;
      if (head.item.kind === 'seal') continue;
      throw new AssertionError('A10', `${run} begins while ${subtaskPath(id)} is not sealed.`);
    }
  }

  /** A13 at the end. */
  #checkQuiet(): void {
    const unrest = this.#unrest();
    if (unrest !== undefined) throw new AssertionError('A13', unrest);
    for (const { id, fold } of this.#world.history.subtasks) {
      if (id.run !== this.#currentRun || fold.sentThrough === fold.version) continue;
      throw new AssertionError('A13', `${subtaskPath(id)} does not know that all is sent`);
    }
  }

  /** What a subtask of the run still has to do, if there is one. */
  #unrest(): string | undefined {
    for (const { id, fold } of this.#world.history.subtasks) {
      if (id.run !== this.#currentRun) continue;
      const where = `${id.vertex}/${id.subtask}`;
      const parked = fold.parked.size;
      if (parked > 0) return `${where} still has ${parked} parked frames`;
      if (fold.inboxPending) return `${where} still has records of the run before`;
      if (fold.unsent.length > 0) return `${where} has something to send`;
    }
    return undefined;
  }

  #unfinished(stop: string): string {
    const heads = this.#world.history.subtasks
      .filter(({ id }) => id.run === this.#currentRun)
      .map(({ id, fold, head }) => {
        const state = head?.item.kind === 'seal' ? `sealed ${head.item.seal}` : 'open';
        const { version, sentThrough, parked, due, inboxPending } = fold;
        return `${id.vertex}/${id.subtask} v${version} st${sentThrough} ${state} due=${due ?? '-'} parked=${
          parked.size
        }${inboxPending ? ' inbox' : ''}`;
      });
    const why = stop === 'idle' ? 'nothing can happen any more' : `not done after so many steps`;
    const left = `${this.#lifeLeft} steps of coordinators left`;
    return `${why}; run ${this.#currentRun}, ${left}: ${heads.join('; ')}`;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function failureOf(error: unknown): { readonly assertion: AssertionId; readonly message: string } {
  if (error instanceof AssertionError) return { assertion: error.assertion, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { assertion: 'invariant', message };
}
