import type { JobCommit, JobObserver, JobStatus } from '../graph/job-execution.ts';
import type { CommandContext } from './command-context.ts';
import { formatStatus, statusAsData } from './status-text.ts';

const TERMINAL_INTERVAL_MS = 1000;
const LOG_INTERVAL_MS = 10_000;
/** Moves to the start of the line above and clears everything behind. */
const CLEAR_LINE_ABOVE = '\u001b[1A\r\u001b[J';

/** Shows where a running job stands, on standard error. */
export class StatusDisplay implements JobObserver {
  readonly intervalMs: number;
  readonly #context: CommandContext;
  readonly #stateDir: string | undefined;
  readonly #refreshes: boolean;
  #before: JobStatus | undefined;
  #shownLines = 0;

  /** `prints`: the job itself writes to the terminal, between whose lines a block cannot be refreshed. */
  constructor(
    context: CommandContext,
    { stateDir, prints }: { readonly stateDir: string | undefined; readonly prints: boolean },
  ) {
    this.#context = context;
    this.#stateDir = stateDir;
    this.#refreshes = context.terminal !== undefined && !prints;
    this.intervalMs = this.#refreshes ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  }

  continued({ version, committedAt }: JobCommit, status: JobStatus): void {
    this.#before = status;
    const time = new Date(committedAt).toISOString();
    this.#context.warn(`The job goes on from commit ${version} of ${time} in ${this.#stateDir}.`);
  }

  progress(now: JobStatus): void {
    const change = { before: this.#before, now };
    this.#before = now;
    if (!this.#refreshes) {
      this.#context.warn(JSON.stringify(statusAsData(change)));
      return;
    }
    const lines = formatStatus(change, this.#context.terminal?.columns() ?? Number.POSITIVE_INFINITY);
    this.clear();
    for (const line of lines) this.#context.warn(line);
    this.#shownLines = lines.length;
  }

  /** Takes the block away, for what comes next. */
  clear(): void {
    if (this.#shownLines > 0) this.#context.terminal?.control(CLEAR_LINE_ABOVE.repeat(this.#shownLines));
    this.#shownLines = 0;
  }
}
