/** A user's project in a temporary folder and the command line run in it, as a user would. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** The checkout under test. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');
const BIN = join(ROOT, 'bin', 'millrace.js');

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that has started. */
export interface Running {
  readonly process: ChildProcess;
  /** Resolves when standard error or output contains `text`; rejects if the process ends before. */
  saw(text: string): Promise<void>;
  readonly finished: Promise<Finished>;
}

export class CliProject {
  readonly folder: string;

  /** Writes `files` by name; the folder goes away when the test ends. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-cli-')));
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** Paths of files below `name`; none if it does not exist. */
  files(name: string): readonly string[] {
    const folder = join(this.folder, name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }

  /** Parsed lines of every NDJSON file below `name`. */
  rows(name: string): readonly unknown[] {
    return this.files(name).flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line)),
    );
  }

  /** `millrace …args`, until it ends. */
  millrace(...args: readonly string[]): Promise<Finished> {
    return this.start(process.execPath, [BIN, ...args]).finished;
  }

  startMillrace(...args: readonly string[]): Running {
    return this.start(process.execPath, [BIN, ...args]);
  }

  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, folder = '.'): Running {
    const child = spawn(command, args, {
      cwd: join(this.folder, folder),
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const finished = new Promise<Finished>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
    });
    const saw = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (stdout.includes(text) || stderr.includes(text)) resolve();
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        child.on('close', () => reject(new Error(`ended without '${text}': ${stdout}${stderr}`)));
        look();
      });
    return { process: child, saw, finished };
  }
}

/** A job module that writes the numbers 1 to 3 to out/numbers, with `body` in place of the plain pipeline. */
export function jobModule(body = 'env.fromData([1, 2, 3])'): string {
  return `import { defineJob, FileSink } from 'millrace';
export default defineJob('numbers', (env) => {
  ${body}.sinkTo(FileSink.ndjson('out/numbers')).uid('numbers');
});
`;
}
