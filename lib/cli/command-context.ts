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
  /** Undefined if standard error goes elsewhere. */
  readonly terminal: Terminal | undefined;
  /** Puts a question to the user; undefined if nobody would answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** The terminal behind standard error. */
export interface Terminal {
  columns(): number;
  /** Writes a control sequence. */
  control(sequence: string): void;
}
