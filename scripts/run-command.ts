/** Runs one command of a lane within its time budget, the checkout's own Node and tools first on PATH. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '..');

/** How a command ended. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly reason: string };

interface CommandOptions {
  readonly budgetMs: number;
  readonly cwd?: string;
}

/** The environment of a lane: nothing depends on the Node that happens to be installed. */
export function laneEnv(): NodeJS.ProcessEnv {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  return { ...process.env, PATH: path };
}

/**
 * Runs `command` and kills its whole process group when the budget is over.
 *
 * Never rejects: a command that cannot start is an end like any other.
 */
export function runCommand(command: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? ROOT,
      env: laneEnv(),
      stdio: ['ignore', 'inherit', 'inherit'],
      // A group of its own: a test run leaves no grandchildren behind when it is killed.
      detached: true,
    });
    let reason = '';
    const kill = (why: string): void => {
      reason = why;
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setTimeout(kill, options.budgetMs, `over its budget of ${options.budgetMs / 1000} s`);
    const onSignal = (): void => kill('interrupted');
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    const settle = (end: CommandEnd): void => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve(end);
    };
    child.on('error', (error) => settle({ kind: 'killed', reason: `cannot start: ${error.message}` }));
    child.on('close', (code, signal) => {
      if (reason === '' && code !== null) settle({ kind: 'exited', code });
      else settle({ kind: 'killed', reason: reason || `ended by ${signal}` });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The group ended between the decision and the signal: what was wanted has happened.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
