import type { RunningCopy } from './running-copy.ts';

/** What every command knows of the process it runs in. */
export interface CommandContext {
  readonly copy: RunningCopy;
  /** Absolute path against which the user's paths are resolved. */
  readonly cwd: string;
  /** Writes a text to standard output. */
  print(text: string): void;
  /** Writes a line to standard error. */
  warn(line: string): void;
}
