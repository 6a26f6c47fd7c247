/** What it takes to execute a job and what comes back: the port between the API and an engine. */
import type { StreamGraph } from './stream-graph.ts';

export interface ExecuteOptions {
  /**
   * The graph whose function objects belong to subtask `index`. `graphOf(0)` is also the plan; every graph
   * has the same structure.
   */
  readonly graphOf: (index: number) => StreamGraph;
  /** Remove the output of other runs from sinks instead of refusing to write beside it. Default false. */
  readonly overwrite?: boolean;
  /**
   * NDJSON file of the records that could not be processed. Default `.millrace/<job>/dead-letters.ndjson`.
   */
  readonly deadLetterFile?: string;
  /** When it aborts, the batch under way is finished, sinks publish what they have, and the job ends. */
  readonly signal?: AbortSignal;
  /**
   * Folder that keeps the state of the job: the job commits to it every second, goes on from its last commit
   * when it is run again, and writes every row exactly once. Without it nothing is kept.
   */
  readonly stateDir?: string;
  /** Remove the state that `stateDir` holds and start over. Default false. */
  readonly fresh?: boolean;
  /** Drop the state of operators that the job no longer has instead of refusing to go on. Default false. */
  readonly allowNonRestoredState?: boolean;
  /** Folder of a savepoint that a job without state of its own begins with. Needs `stateDir`. */
  readonly fromSavepoint?: string;
  readonly observer?: JobObserver;
}

/** Is told what a job does while it runs; calls are synchronous and come between batches. */
export interface JobObserver {
  /** Time between two calls of `progress`. Unit: ms. */
  readonly intervalMs: number;
  /**
   * A job with a state directory goes on from a commit; before its first record. `status` is where it stands,
   * which is what rates are counted from.
   */
  continued(from: JobCommit, status: JobStatus): void;
  progress(status: JobStatus): void;
}

/** A commit of a job with a state directory. */
export interface JobCommit {
  /** Number of the commit, from 1; it starts again when the job has changed. */
  readonly version: number;
  /** Unit: ms since the epoch. */
  readonly committedAt: number;
}

/** Where a running job stands. */
export interface JobStatus {
  readonly jobName: string;
  readonly metrics: JobMetrics;
  /** Time that the job has run, earlier runs of the same state included. Unit: ms. */
  readonly durationMs: number;
  /** What the sinks have got everything up to; undefined before the first. Unit: ms since the epoch. */
  readonly watermark: number | undefined;
  /** Unit: ms since the epoch. */
  readonly now: number;
  /** Undefined before the first commit and without a state directory. */
  readonly lastCommit: JobCommit | undefined;
}

/** Totals of a job, with Flink's names. */
export interface JobMetrics {
  /** Records that sources read, refused ones included. */
  readonly numRecordsIn: number;
  /** Records that sinks took. */
  readonly numRecordsOut: number;
  /** Records too late for every window and sent to no side output. */
  readonly numLateRecordsDropped: number;
  /** Records that went to the dead letters. */
  readonly numRecordsInErrors: number;
  /** Every counter as `operator.name`. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A sink of the job and where its output lies. */
export interface SinkResult {
  readonly uid: string;
  /** For people, for example a folder; undefined if there is nothing to look at. */
  readonly location: string | undefined;
}

/** How a job ended. */
export interface JobResult {
  readonly jobName: string;
  /** `stopped` if the signal ended the job before its input did. */
  readonly status: 'finished' | 'stopped';
  readonly metrics: JobMetrics;
  /** Wall-clock time, that of earlier runs up to their last commit included. Unit: ms. */
  readonly durationMs: number;
  readonly sinks: readonly SinkResult[];
  /** Where dead letters lie; undefined if there are none. */
  readonly deadLetterFile: string | undefined;
  /** Undefined without a state directory. Metrics are totals of all runs of the same state. */
  readonly durable: DurableResult | undefined;
}

/** What a job with a state directory says beside. */
export interface DurableResult {
  readonly stateDir: string;
  readonly lastCommit: JobCommit | undefined;
  /** How often the job has gone on from a commit. */
  readonly restarts: number;
  /** The job had finished in an earlier run: nothing was run. */
  readonly finishedBefore: boolean;
}

/** An engine that runs a job to its end. Rejects with a StreamError when the job fails. */
export type ExecuteJob = (options: ExecuteOptions) => Promise<JobResult>;
