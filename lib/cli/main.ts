/** The process behind `millrace`: standard streams and exit code. */
import { CommanderError } from '@commander-js/extra-typings';
import { formatError } from './error-report.ts';
import { createProgram } from './program.ts';
import { findRunningCopy } from './running-copy.ts';

const USAGE_EXIT_CODE = 2;
const PIPE_CLOSED_EXIT_CODE = 141;

async function main(argv: readonly string[]): Promise<number> {
  const cwd = process.cwd();
  const copy = findRunningCopy();
  const context = {
    copy,
    cwd,
    print: (text: string) => void process.stdout.write(text),
    warn: (line: string) => void process.stderr.write(`${line}\n`),
  };
  let exitCode = 0;
  try {
    await createProgram(context, (code) => {
      exitCode = code;
    }).parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has printed its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
    const verbose = argv.includes('--verbose') || (process.env.MILLRACE_DEBUG ?? '') !== '';
    context.warn(formatError(error, { cwd, copy, verbose }));
    return 1;
  }
}

/** Waits until a stream has given everything to its reader. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

// The reader of a pipe may leave early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(PIPE_CLOSED_EXIT_CODE);
  throw error;
});

// An ended job exits below, so the process has run dry while something still awaits.
process.once('beforeExit', () => {
  process.stderr.write(
    'error: the job awaits a promise that never settles, in its module or in a connector.\n',
  );
  process.exit(1);
});

const exitCode = await main(process.argv);
await Promise.all([flush(process.stdout), flush(process.stderr)]);
// What the job's module left open, a connection pool or an interval, must not keep a finished job alive.
process.exit(exitCode);
