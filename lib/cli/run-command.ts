import type { JobResult } from '../graph/job-execution.ts';
import type { StateBackend, StreamGraph } from '../graph/stream-graph.ts';
import { defaultStateDir, executeGraph } from '../local/executor.ts';
import type { CommandContext } from './command-context.ts';
import { errorAsData } from './error-report.ts';
import { confirmFreshStart } from './fresh-start.ts';
import { graphsOf } from './job-graphs.ts';
import { loadJob } from './load-job.ts';
import { formatFinishedBefore, formatSummary } from './run-summary.ts';
import { StatusDisplay } from './status-display.ts';
import { listenForStopSignals } from './stop-signals.ts';

export interface RunOptions {
  readonly overwrite?: true | undefined;
  readonly deadLetters?: string | undefined;
  readonly parallelism?: number | undefined;
  readonly stateBackend?: StateBackend | undefined;
  readonly json?: true | undefined;
  readonly stateDir?: string | undefined;
  /** False with --no-state. */
  readonly state: boolean;
  readonly fresh?: true | undefined;
  readonly yes?: true | undefined;
  readonly allowNonRestoredState?: true | undefined;
  readonly fromSavepoint?: string | undefined;
}

const DECLINED_EXIT_CODE = 1;

interface RunCall {
  readonly options: RunOptions;
  readonly context: CommandContext;
}

/** `millrace run`: executes a job in this process. Returns the exit code; rejects if the job fails. */
export async function runCommand(path: string, { options, context }: RunCall): Promise<number> {
  try {
    return await run(path, { options, context });
  } catch (error) {
    if (options.json) context.print(`${JSON.stringify({ status: 'failed', error: errorAsData(error) })}\n`);
    throw error;
  }
}

async function run(path: string, { options, context }: RunCall): Promise<number> {
  const { cwd, copy } = context;
  const job = await loadJob(path, { cwd, copy });
  const { parallelism, stateBackend } = options;
  const graphOf = graphsOf(job, { parallelism, stateBackend, context });
  const stateDir = options.state ? (options.stateDir ?? defaultStateDir(job.name)) : undefined;
  if (options.fresh && stateDir !== undefined) {
    const outputs = options.overwrite ? outputsOf(graphOf(0)) : [];
    const start = { jobName: job.name, stateDir, outputs, yes: options.yes ?? false };
    if (!(await confirmFreshStart(start, context))) {
      context.warn('Nothing was removed, and the job was not run.');
      return DECLINED_EXIT_CODE;
    }
  }
  const display = new StatusDisplay(context, { stateDir, prints: printsItself(graphOf(0)) });
  using signals = listenForStopSignals((name) => {
    display.clear();
    context.warn(`${name}: the job finishes its batch and closes; a second signal ends it at once.`);
  });
  let result: JobResult;
  try {
    result = await executeGraph({
      graphOf,
      signal: signals.signal,
      observer: display,
      ...(options.overwrite ? { overwrite: true } : {}),
      ...(options.deadLetters === undefined ? {} : { deadLetterFile: options.deadLetters }),
      ...(stateDir === undefined ? {} : { stateDir }),
      ...(options.fresh ? { fresh: true } : {}),
      ...(options.fromSavepoint === undefined ? {} : { fromSavepoint: options.fromSavepoint }),
      ...(options.allowNonRestoredState ? { allowNonRestoredState: true } : {}),
    });
  } finally {
    display.clear();
  }
  context.print(`${options.json ? JSON.stringify(result) : textOf(result)}\n`);
  return signals.exitCode() ?? 0;
}

function textOf(result: JobResult): string {
  return result.durable?.finishedBefore ? formatFinishedBefore(result) : formatSummary(result);
}

function outputsOf({ nodes }: StreamGraph): readonly string[] {
  return nodes.flatMap(({ spec }) =>
    spec.kind === 'sink' && spec.sink.location !== undefined ? [spec.sink.location] : [],
  );
}

function printsItself({ nodes }: StreamGraph): boolean {
  return nodes.some(({ spec }) => spec.kind === 'sink' && spec.sink.connector === 'print');
}
