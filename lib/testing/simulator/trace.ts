import { createHash } from 'node:crypto';

/** What happened, line by line; its hash tells whether two runs were the same. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  readonly #kept: number;
  readonly #startMs: number;

  /** Keeps the last `kept` lines; times count from `startMs`. */
  constructor(kept: number, startMs: number) {
    this.#kept = kept;
    this.#startMs = startMs;
  }

  add(now: number, actor: string, text: string): void {
    const line = `${formatTime(now - this.#startMs)} ${actor.padEnd(14)} ${text}`;
    this.#hash.update(line);
    if (this.#kept === 0) return;
    if (this.#lines.length >= 2 * this.#kept) this.#lines.splice(0, this.#kept);
    this.#lines.push(line);
  }

  lines(): readonly string[] {
    return this.#lines.slice(-this.#kept);
  }

  /** Hex; to be asked for once, at the end. */
  digest(): string {
    return this.#hash.digest('hex').slice(0, 16);
  }
}

function formatTime(now: number): string {
  const seconds = Math.floor(now / 1000);
  const part = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const clock = [hours, minutes, seconds % 60].map((value) => part(value)).join(':');
  return `${clock}.${part(Math.floor(now % 1000), 3)}`;
}
