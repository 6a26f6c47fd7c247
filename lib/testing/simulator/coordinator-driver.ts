/**
 * Runs the steps of coordinators in processes of their own: again and again until they succeed, twice at the
 * same time now and then, and every minute what has to be done every minute.
 */

import { runOf, takeCheckpoint } from '../../coordinator/checkpoint.ts';
import type { CoordinatorPorts } from '../../coordinator/coordinator-ports.ts';
import { collectGarbage } from '../../coordinator/garbage-collection.ts';
import { type ScannedHead, scanHeads } from '../../coordinator/head-scan.ts';
import { JobTables } from '../../coordinator/job-tables.ts';
import { sweepRun } from '../../coordinator/sweeper.ts';
import { FencedError, RetryableError, UserError } from '../../core/errors.ts';
import type { FaultMix } from './fault-mix.ts';
import type { SimulatedProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import type { SeededRandom } from './seeded-random.ts';

const MINUTE_MS = 60_000;
/** Longest life of a coordinator process. */
const COORDINATOR_MS_MAX = 15 * MINUTE_MS;

export interface DriverOptions {
  readonly scheduler: Scheduler;
  readonly faults: () => FaultMix;
  readonly job: string;
  readonly createProcess: (name: string) => SimulatedProcess;
  readonly portsOf: (process: SimulatedProcess) => CoordinatorPorts;
  /** False: nobody looks for subtasks to which nothing comes; for mutants. */
  readonly sweeps: boolean;
  /** Every so many minutes a checkpoint; 0: never. */
  readonly checkpointMinutes: number;
  /** Is told of heads that were read as one cut; throws if they are none. */
  readonly scanned: (heads: Readonly<Record<string, ScannedHead>>) => void;
  /** True while nothing is done every minute. */
  readonly isPaused: () => boolean;
}

/** One piece of work of a coordinator. */
export type CoordinatorStep = (ports: CoordinatorPorts) => Promise<unknown>;

export class CoordinatorDriver {
  readonly #options: DriverOptions;
  readonly #random: SeededRandom;
  #minute = 0;
  #processes = 0;
  #checkpoints = 0;
  #sweeping = false;
  #checkpoint: string | undefined;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#random = options.scheduler.random.fork();
  }

  /** Begins with what has to be done every minute. */
  start(): void {
    const { scheduler, isPaused } = this.#options;
    scheduler.after(isPaused() ? 60 * MINUTE_MS : MINUTE_MS, () => {
      this.#minute++;
      if (!isPaused()) this.#everyMinute();
      this.start();
    });
  }

  #everyMinute(): void {
    const { checkpointMinutes, sweeps } = this.#options;
    if (!this.#sweeping && sweeps) {
      this.#sweeping = true;
      this.#run(
        'sweeper',
        (ports) => this.#sweep(ports),
        () => {
          this.#sweeping = false;
        },
      );
    }
    if (checkpointMinutes > 0 && this.#minute % checkpointMinutes === 0) this.takeCheckpoint();
    if (this.#random.chance(0.05)) this.collect();
  }

  /** Reads heads as one cut. */
  scan(): void {
    this.#run('scanner', (ports) => this.#scan(ports), ignore);
  }

  /** Collects garbage. */
  collect(): void {
    const { job } = this.#options;
    this.#run('collector', (ports) => collectGarbage(ports, { job, retained: 1 }), ignore);
  }

  async #sweep(ports: CoordinatorPorts): Promise<void> {
    const run = await this.#currentRun(ports);
    if (run !== undefined) await sweepRun(ports, { job: this.#options.job, run });
  }

  /** A cut without a write has no orphans either (A8). */
  async #scan(ports: CoordinatorPorts): Promise<void> {
    const id = await this.#currentRun(ports);
    if (id === undefined) return;
    const { value } = await runOf(ports, { job: this.#options.job, run: id });
    this.#options.scanned(await scanHeads(ports, { id, plan: value.plan }));
  }

  /** Takes a checkpoint, or goes on with the one under way. */
  takeCheckpoint(): void {
    this.#checkpoint ??= `checkpoint ${++this.#checkpoints}`;
    const execution = this.#checkpoint;
    const step: CoordinatorStep = async (ports) => {
      const run = await this.#currentRun(ports);
      if (run === undefined) return;
      await takeCheckpoint(ports, { job: this.#options.job, run, execution, always: true });
      this.#checkpoint = undefined;
    };
    this.#run('checkpointer', step, ignore);
    if (this.#random.chance(this.#options.faults().twin)) this.#run('checkpointer', step, ignore);
  }

  async #currentRun(ports: CoordinatorPorts): Promise<string | undefined> {
    return (await new JobTables(ports.records).job(this.#options.job))?.value.currentRun;
  }

  /** Repeats a step in new processes until it succeeds or somebody else came first. */
  untilDone(name: string, step: CoordinatorStep, done: (outcome: 'done' | 'fenced') => void): void {
    let open = true;
    const finish = (outcome: 'done' | 'fenced'): void => {
      if (open) done(outcome);
      open = false;
    };
    const attempt = (): void => {
      if (!open) return;
      this.#run(name, step, (outcome) => {
        if (outcome !== 'failed') return finish(outcome);
        this.#options.scheduler.after(this.#random.spread(500, MINUTE_MS), attempt);
      });
    };
    attempt();
    if (this.#random.chance(this.#options.faults().twin)) {
      this.#options.scheduler.after(this.#random.spread(1, MINUTE_MS), attempt);
    }
  }

  #run(name: string, step: CoordinatorStep, done: (outcome: 'done' | 'failed' | 'fenced') => void): void {
    const { scheduler, createProcess, portsOf } = this.#options;
    const process = createProcess(`${name}#${++this.#processes}`);
    let open = true;
    const finish = (outcome: 'done' | 'failed' | 'fenced'): void => {
      if (!open) return;
      open = false;
      cancelTimeout();
      process.end(outcome);
      done(outcome);
    };
    const cancelTimeout = scheduler.after(COORDINATOR_MS_MAX, () => process.kill('timeout'));
    process.onDeath(() => finish('failed'));
    step(portsOf(process)).then(
      () => finish('done'),
      (error: unknown) => {
        if (!open) return;
        process.log(`fails: ${String(error)}`);
        if (!isExpected(error)) scheduler.fail(error);
        finish(error instanceof FencedError ? 'fenced' : 'failed');
      },
    );
  }
}

/** What a coordinator may fail with; anything else is a defect. */
function isExpected(error: unknown): boolean {
  if (error instanceof RetryableError || error instanceof FencedError) return true;
  return error instanceof UserError && error.code === 'CHECKPOINT_UNUSABLE';
}

function ignore(): void {}
