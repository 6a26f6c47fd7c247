import { executeGraph } from '../local/executor.ts';
import type { CommandContext } from './command-context.ts';
import { errorAsData } from './error-report.ts';
import { graphsOf } from './job-graphs.ts';
import { loadJob } from './load-job.ts';
import { formatSummary } from './run-summary.ts';
import { listenForStopSignals } from './stop-signals.ts';

export interface RunOptions {
  readonly overwrite?: true | undefined;
  readonly deadLetters?: string | undefined;
  readonly parallelism?: number | undefined;
  readonly json?: true | undefined;
}

/** `millrace run`: executes a job in this process. Returns the exit code; rejects if the job fails. */
export async function runCommand(
  path: string,
  { options, context }: { readonly options: RunOptions; readonly context: CommandContext },
): Promise<number> {
  try {
    return await run(path, { options, context });
  } catch (error) {
    if (options.json) context.print(`${JSON.stringify({ status: 'failed', error: errorAsData(error) })}\n`);
    throw error;
  }
}

async function run(
  path: string,
  { options, context }: { readonly options: RunOptions; readonly context: CommandContext },
): Promise<number> {
  const { cwd, copy } = context;
  const job = await loadJob(path, { cwd, copy });
  using signals = listenForStopSignals((name) =>
    context.warn(`${name}: the job finishes its batch and closes; a second signal ends it at once.`),
  );
  const result = await executeGraph({
    graphOf: graphsOf(job, { parallelism: options.parallelism, context }),
    signal: signals.signal,
    ...(options.overwrite ? { overwrite: true } : {}),
    ...(options.deadLetters === undefined ? {} : { deadLetterFile: options.deadLetters }),
  });
  context.print(`${options.json ? JSON.stringify(result) : formatSummary(result)}\n`);
  return signals.exitCode() ?? 0;
}
