/**
 * EmbeddedJob: a whole job in this process, on one thread.
 *
 * Owns the order in which its parts start and end, and the loop that gives every subtask its turn. Output
 * becomes visible only through a commit; a failing job closes its writers without it.
 *
 * 1. A commit of a job with a state directory happens at rest: sources are not read until every channel is
 *    empty, so nothing is ever in flight (I6, I7).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '../core/limits.ts';
import { layoutOf } from '../graph/state-layout.ts';
import type { StreamGraph } from '../graph/stream-graph.ts';
import { structureOf } from '../graph/structure.ts';
import type { Clock } from '../ports/clock.ts';
import { MetricRegistry } from '../runtime/metrics.ts';
import type { KeyedRowSource } from '../runtime/state/keyed-row-source.ts';
import { CommitCycle } from './commit-cycle.ts';
import type { DeadLetterFile } from './dead-letter-file.ts';
import { JobRequests } from './job-requests.ts';
import { JobTasks } from './job-tasks.ts';
import { SavepointDuty } from './savepoint-duty.ts';
import type { RestoredSavepoint } from './savepoint-state.ts';
import type { StateDirectory } from './state-directory.ts';

/** What a job runs with. */
export interface EmbeddedJobOptions {
  readonly plan: StreamGraph;
  /**
   * The graph whose function objects belong to one subtask; the descriptors of sources and sinks come from
   * `plan`.
   */
  readonly graphOf: (index: number) => StreamGraph;
  readonly overwrite: boolean;
  readonly clock: Clock;
  readonly deadLetters: DeadLetterFile;
  readonly signal: AbortSignal | undefined;
  /** Where the job keeps its state; undefined for a job that keeps none. */
  readonly state: StateDirectory | undefined;
  readonly allowNonRestoredState: boolean;
  /** What a job without state of its own begins with. */
  readonly savepoint: RestoredSavepoint | undefined;
  /** Called when the state of an earlier run is there again, before the first record. */
  readonly onContinued: () => void;
  /** Called between batches, also while there is nothing to do. */
  readonly onTurn: (now: number) => void;
}

export class EmbeddedJob {
  readonly metrics = new MetricRegistry();
  readonly #options: EmbeddedJobOptions;
  #parts: JobTasks | undefined;
  #commits: CommitCycle | undefined;
  #duty: SavepointDuty | undefined;
  /** Someone has asked the job to end. */
  #stopping = false;
  /** Unit: ms since the epoch. */
  readonly #startedAt: number;
  #lastCommit = 0;
  /** Commits of a job that keeps no state. */
  #publications = 0;
  /** Memory holds more keys than it should: a commit lets some go. */
  #commitIsDue = false;
  #lastTurn = 0;
  /** Set while the scheduler sleeps. */
  #awake: AbortController | undefined;
  #sourceReady = false;

  constructor(options: EmbeddedJobOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** Lowest watermark of the sinks; undefined before each has one. Unit: ms since the epoch. */
  get watermark(): number | undefined {
    const sinks = this.#parts?.tasks.flatMap((task) => task.sinks) ?? [];
    let lowest = Number.POSITIVE_INFINITY;
    for (const { watermark } of sinks) {
      if (watermark === undefined) return undefined;
      lowest = Math.min(lowest, watermark);
    }
    return sinks.length === 0 ? undefined : lowest;
  }

  /** Runs to the end of the input (true) or until the signal aborts (false). */
  async run(): Promise<boolean> {
    try {
      const parts = await this.#open();
      const finished = await this.#loop(parts);
      await this.#publishAll(parts);
      this.#commits?.end(finished);
      await this.#duty?.ended(this.#options.clock.now());
      await this.#close();
      return finished;
    } catch (error) {
      this.#duty?.failed(error);
      // What closing adds to a failure would only hide it.
      await this.#close().catch(() => undefined);
      throw error;
    }
  }

  async #open(): Promise<JobTasks> {
    const { plan, graphOf, overwrite, clock, deadLetters, state } = this.#options;
    const { metrics } = this;
    const durable = state !== undefined;
    const keyedRowsOf = state && plan.stateBackend === 'table' ? this.#keyedRowsOf(state) : undefined;
    const parts = await JobTasks.create({
      ...{ plan, graphOf, clock, deadLetters, metrics, durable, keyedRowsOf },
    });
    this.#parts = parts;
    if (state !== undefined) await this.#restore(parts, state);
    for (const source of parts.sources.values()) await source.start();
    // After the sources: old output is not removed for a job whose input is missing.
    const restored = state?.restored === true;
    for (const [nodeId, sink] of parts.sinks) {
      const node = plan.nodes[nodeId];
      const operatorUid = node?.uid ?? node?.name ?? '';
      await sink.runtime.prepare?.({ jobName: plan.jobName, operatorUid, overwrite, restored });
    }
    deadLetters.begin();
    for (const task of parts.tasks) {
      task.onSourceReady(() => {
        this.#sourceReady = true;
        this.#awake?.abort();
      });
    }
    for (const task of parts.tasks.toReversed()) await task.open();
    if (restored) for (const sink of parts.sinks.values()) await sink.recover();
    if (state !== undefined) {
      this.#commits = new CommitCycle({ tasks: parts, state, deadLetters, metrics, clock });
      await this.#commits.begin();
      this.#duty = new SavepointDuty(state, new JobRequests(state.folder));
    }
    if (restored) this.#options.onContinued();
    this.#lastCommit = clock.now();
    this.#lastTurn = clock.now();
    return parts;
  }

  #keyedRowsOf(state: StateDirectory): (operator: string) => KeyedRowSource {
    const limits = { keysMax: LIMITS.residentKeysMax, bytesMax: LIMITS.residentKeyBytesMax };
    const full = () => {
      this.#commitIsDue = true;
    };
    return (operator) => ({ limits, full, readKey: (key) => state.readKey(operator, key) });
  }

  async #restore(parts: JobTasks, state: StateDirectory): Promise<void> {
    const options = {
      structure: structureOf(this.#options.plan),
      layout: layoutOf(parts.jobGraph),
      allowNonRestored: this.#options.allowNonRestoredState,
      now: this.#options.clock.now(),
      savepoint: this.#options.savepoint,
    };
    await state.restore(options, ({ vertex, subtask }, deltas) => parts.applyState(vertex, subtask, deltas));
    this.metrics.restore(state.progress?.counters ?? []);
  }

  async #loop(parts: JobTasks): Promise<boolean> {
    const { signal, clock, onTurn } = this.#options;
    while (!parts.tasks.every((task) => task.finished)) {
      const stopping = signal?.aborted === true || this.#stopping;
      const progressed = await this.#runTasks(parts, !stopping);
      if (stopping && !progressed) return false;
      const now = clock.now();
      await this.#heed(parts, now);
      if (this.#commitIsDue || now - this.#lastCommit >= LIMITS.commitIntervalMs) await this.#publish(parts);
      if (!progressed) await this.#rest(parts, now);
      else if (now - this.#lastTurn >= LIMITS.schedulerTurnMs) await nextTurn();
      else continue;
      this.#lastTurn = clock.now();
      onTurn(this.#lastTurn);
    }
    return true;
  }

  /** Does what was asked of the job, or sees to it that it will be done at its end. */
  async #heed(parts: JobTasks, now: number): Promise<void> {
    const duty = this.#duty;
    if (duty === undefined) return;
    for (const request of duty.look(now)) {
      if (request.kind === 'savepoint') {
        while (await this.#runTasks(parts, false));
        await this.#publishAll(parts);
        this.#commits?.end(false);
        await duty.serve(request, now);
        continue;
      }
      duty.endsWith(request);
      if (request.kind === 'drain')
        for (const task of parts.tasks) for (const source of task.sources) source.drain();
      else this.#stopping = true;
    }
  }

  /** One turn for everybody; false if nobody had anything to do. */
  async #runTasks(parts: JobTasks, readSources: boolean): Promise<boolean> {
    const now = this.#options.clock.now();
    let progressed = false;
    for (const source of parts.sources.values()) if (source.advance(now)) progressed = true;
    for (const task of parts.tasks) {
      if (task.finished) continue;
      if (task.hasCapacity()) {
        if (readSources && task.advanceTime(now)) progressed = true;
        if (task.runBatch(readSources)) progressed = true;
      }
      for (const sink of task.sinks) if (sink.needsFlush()) await sink.flush(false);
      if (task.inputEnded) {
        await task.finish();
        progressed = true;
      }
    }
    return progressed;
  }

  /**
   * Commits, or publishes what rolling policies have closed. A bounded job without state publishes everything
   * at its end instead: if it fails, nothing is visible.
   */
  async #publish(parts: JobTasks): Promise<void> {
    if (this.#commits !== undefined) {
      while (await this.#runTasks(parts, false));
      await this.#commits.commit(false);
    } else {
      await this.#flushPending(parts);
      if (!this.#isBounded()) await this.#publishSinks(parts, false);
    }
    this.#commitIsDue = false;
    // A commit that takes long is not followed by the next at once.
    this.#lastCommit = this.#options.clock.now();
  }

  async #publishAll(parts: JobTasks): Promise<void> {
    if (this.#commits === undefined) await this.#publishSinks(parts, true);
    else await this.#commits.commit(true);
  }

  async #publishSinks(parts: JobTasks, endOfInput: boolean): Promise<void> {
    const place = { lineage: this.#startedAt, version: ++this.#publications };
    for (const sink of parts.sinks.values()) await sink.prepareCommit(endOfInput, place);
    for (const sink of parts.sinks.values()) await sink.commit();
  }

  #isBounded(): boolean {
    return this.#options.plan.nodes.every(
      ({ spec }) => spec.kind !== 'source' || spec.source.boundedness === 'bounded',
    );
  }

  async #flushPending(parts: JobTasks): Promise<void> {
    for (const sink of parts.tasks.flatMap((task) => task.sinks)) {
      if (sink.pendingBytes() > 0) await sink.flush(false);
    }
  }

  /** Nothing to do: what writers hold goes out, then everybody sleeps. */
  async #rest(parts: JobTasks, now: number): Promise<void> {
    await this.#flushPending(parts);
    await this.#wait(parts, now);
  }

  /** Sleeps until a source has data, a timer is due or the signal aborts. */
  async #wait(parts: JobTasks, now: number): Promise<void> {
    const due = [
      ...parts.tasks.map((task) => task.nextTimer()),
      ...[...parts.sources.values()].map((source) => source.nextDue()),
    ];
    const waitMs = due.reduce<number>(
      (shortest, time) => (time === undefined ? shortest : Math.min(shortest, Math.max(0, time - now))),
      LIMITS.schedulerWaitMsMax,
    );
    const awake = new AbortController();
    const signals =
      this.#options.signal === undefined ? [awake.signal] : [awake.signal, this.#options.signal];
    this.#awake = awake;
    if (!this.#sourceReady) await this.#options.clock.sleep(waitMs, AbortSignal.any(signals));
    this.#awake = undefined;
    this.#sourceReady = false;
    // A source that is ready again at once must not keep signals and I/O from their turn.
    await nextTurn();
  }

  async #close(): Promise<void> {
    const parts = this.#parts;
    if (parts === undefined) return;
    const results = await Promise.allSettled([
      ...parts.tasks.map((task) => task.close()),
      ...[...parts.sources.values()].map((source) => source.close()),
    ]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
