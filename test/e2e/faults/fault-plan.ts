/** Which faults the processes of a deployed job have. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultKind, InjectedFault } from './injected-faults.ts';

const INJECTED = fileURLToPath(new URL('injected-faults.ts', import.meta.url));

export class FaultPlan {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  readonly #file = join(this.#folder, 'faults.ndjson');
  readonly #rate: number;
  readonly #kinds: readonly FaultKind[];

  /** `rate`: share of the calls that are hit, of those that commit, send or publish. */
  constructor(rate: number, kinds: readonly FaultKind[]) {
    this.#rate = rate;
    this.#kinds = kinds;
  }

  /** For the app that deploys the job. */
  get environment(): Readonly<Record<string, string>> {
    return {
      FUNCTION_NODE_OPTIONS: `--import=${INJECTED}`,
      FUNCTION_MILLRACE_FAULTS_FILE: this.#file,
      FUNCTION_MILLRACE_FAULTS_RATE: String(this.#rate),
      FUNCTION_MILLRACE_FAULTS_KINDS: this.#kinds.join(','),
    };
  }

  /** Those that there were until now. */
  faults(): readonly InjectedFault[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line): InjectedFault => JSON.parse(line));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
