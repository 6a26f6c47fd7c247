/**
 * CommitCycle: makes a job with a state directory durable, while it is at rest.
 *
 * 1. In this order: what sinks will make visible and dead letters are on the device, the state of everything
 *    and the counters go into the log as one (I7, I9), then sinks make visible what that commit speaks of
 *    (I16).
 * 2. Nothing that has changed, nothing to commit. That output was made visible is a change.
 * 3. The last commit says that the job is finished, and comes after all output is visible.
 */
import type { Clock } from '../ports/clock.ts';
import type { MetricRegistry } from '../runtime/metrics.ts';
import type { DeadLetterFile } from './dead-letter-file.ts';
import type { JobTasks } from './job-tasks.ts';
import type { StateDirectory } from './state-directory.ts';
import { splitRows } from './table-state.ts';

export interface CommitCycleOptions {
  readonly tasks: JobTasks;
  readonly state: StateDirectory;
  readonly deadLetters: DeadLetterFile;
  readonly metrics: MetricRegistry;
  readonly clock: Clock;
}

export class CommitCycle {
  readonly #options: CommitCycleOptions;
  readonly #openedAt: number;
  readonly #durationBefore: number;
  #committedLetters = 0;

  constructor(options: CommitCycleOptions) {
    this.#options = options;
    this.#openedAt = options.clock.now();
    this.#durationBefore = options.state.progress?.durationMs ?? 0;
    this.#committedLetters = options.state.progress?.deadLetters.bytes ?? 0;
  }

  /** Before the first record: a run that continues another one is written down as a whole. */
  async begin(): Promise<void> {
    const { state } = this.#options;
    state.recordRestart();
    if (!state.needsBase) return;
    await this.commit(false);
    await state.forgetFormerRuns();
  }

  /** Commits and publishes; everything that sinks have when `endOfInput`. */
  async commit(endOfInput: boolean): Promise<void> {
    const { tasks, state } = this.#options;
    const place = state.nextCommit;
    for (const sink of tasks.sinks.values()) await sink.prepareCommit(endOfInput, place);
    this.#append(false);
    for (const sink of tasks.sinks.values()) await sink.commit();
  }

  /** Writes down what the last commit has published. */
  end(finished: boolean): void {
    this.#append(finished);
  }

  #append(finished: boolean): void {
    const { tasks, state, deadLetters, metrics, clock } = this.#options;
    // All of this in one turn of the event loop: between two of them sources may be handed new splits.
    const changes = tasks.collectState('changes');
    const { position } = deadLetters;
    const hasChanged =
      changes.some(({ deltas }) => deltas.length > 0) || position.bytes !== this.#committedLetters;
    if (!hasChanged && !finished && !state.needsBase) return;
    deadLetters.sync();
    const now = clock.now();
    // State in a table is no part of a base.
    const split = tasks.keepsRows ? splitRows(changes) : { rows: [], subtasks: changes };
    const change = state.needsBase
      ? ({ scope: 'all', subtasks: tasks.collectState('all') } as const)
      : ({ scope: 'changes', subtasks: split.subtasks } as const);
    state.commit(
      { ...change, finished, rows: split.rows },
      {
        committedAt: now,
        durationMs: this.#durationBefore + now - this.#openedAt,
        counters: metrics.values(),
        deadLetters: position,
      },
    );
    this.#committedLetters = position.bytes;
  }
}
