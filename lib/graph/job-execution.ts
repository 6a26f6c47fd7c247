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
  /** Wall-clock time. Unit: ms. */
  readonly durationMs: number;
  readonly sinks: readonly SinkResult[];
  /** Where dead letters lie; undefined if there are none. */
  readonly deadLetterFile: string | undefined;
}

/** An engine that runs a job to its end. Rejects with a StreamError when the job fails. */
export type ExecuteJob = (options: ExecuteOptions) => Promise<JobResult>;
