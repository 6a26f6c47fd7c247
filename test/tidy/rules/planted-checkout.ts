import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './repository-files.ts';

/** What a tool printed and how it ended. */
export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A throw-away folder with the repository's own tool configuration and planted files. */
export class PlantedCheckout implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-tidy-'));

  constructor(configuration: readonly string[], files: Readonly<Record<string, string>>) {
    for (const name of configuration) cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  run(tool: string, args: readonly string[]): ToolRun {
    return runTool(tool, args, this.folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs one of the checkout's own tools. */
export function runTool(tool: string, args: readonly string[], cwd: string): ToolRun {
  const path = join(ROOT, 'node_modules', '.bin', tool);
  const end = spawnSync(path, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (end.error !== undefined) throw end.error;
  return { code: end.status, stdout: end.stdout, stderr: end.stderr };
}
