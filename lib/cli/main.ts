/** The process behind `millrace`: standard streams and exit code. */
import { createInterface } from 'node:readline/promises';
import { CommanderError } from '@commander-js/extra-typings';
import type { CommandContext } from './command-context.ts';
import { formatError } from './error-report.ts';
import { createProgram } from './program.ts';
import { findRunningCopy } from './running-copy.ts';

const USAGE_EXIT_CODE = 2;
const PIPE_CLOSED_EXIT_CODE = 141;
const COLUMNS_DEFAULT = 80;

async function main(argv: readonly string[]): Promise<number> {
  const cwd = process.cwd();
  const copy = findRunningCopy();
  const context: CommandContext = {
    copy,
    cwd,
    print: (text) => void process.stdout.write(text),
    warn: (line) => void process.stderr.write(`${line}\n`),
    terminal: process.stderr.isTTY
      ? {
          // A terminal may not know its size.
          columns: () => process.stderr.columns || COLUMNS_DEFAULT,
          control: (sequence) => void process.stderr.write(sequence),
        }
      : undefined,
    ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
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

/** Standard output is for results. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
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
