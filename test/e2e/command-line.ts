/** The command line, as a user of an emulator runs it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Emulator } from './emulator/emulator.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND_MS_MAX = 180_000;

/** What a command prints. Rejects, with what it says, if it fails. */
export async function millrace(emulator: Emulator, ...words: readonly string[]): Promise<string> {
  const command = ['--conditions=millrace-source', join(ROOT, 'bin/millrace.js'), ...words];
  const env = { ...process.env, ...emulator.env };
  return (await run(process.execPath, command, { cwd: ROOT, env, timeout: COMMAND_MS_MAX })).stdout;
}

/** What a command answers with `--json`. */
export async function millraceJson(emulator: Emulator, ...words: readonly string[]): Promise<unknown> {
  return JSON.parse(await millrace(emulator, ...words, '--json'));
}
