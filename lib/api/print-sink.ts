import { inspect } from 'node:util';
import type { AnySinkRuntime, Sink, SinkWriter, SinkWriterContext } from '../core/connector.ts';

/** Writes text somewhere; resolves when it has been taken. */
export type TextOutput = (text: string) => Promise<void>;

/**
 * Writes one line per record to standard output: `prefix:subtask> record`, the subtask counted from 1 and
 * only at parallelism > 1. Records that are not strings are shown as by console.log, on one line.
 *
 * Source Flink's PrintSink.
 */
export class PrintSink implements Sink<unknown> {
  readonly connector = 'print';
  readonly description: string;
  readonly #prefix: string;
  readonly #output: TextOutput;

  constructor(prefix = '', output: TextOutput = writeToStdout) {
    this.description = prefix === '' ? 'standard output' : `standard output as '${prefix}'`;
    this.#prefix = prefix;
    this.#output = output;
  }

  async load(): Promise<AnySinkRuntime<unknown>> {
    const output = this.#output;
    return {
      createWriter: async (context) => new PrintWriter(linePrefix(this.#prefix, context), output),
    };
  }
}

class PrintWriter implements SinkWriter<unknown, unknown> {
  readonly #prefix: string;
  readonly #output: TextOutput;
  #lines: string[] = [];
  #characters = 0;

  constructor(prefix: string, output: TextOutput) {
    this.#prefix = prefix;
    this.#output = output;
  }

  write(value: unknown): void {
    const line = `${this.#prefix}${typeof value === 'string' ? value : inspect(value, ON_ONE_LINE)}\n`;
    this.#characters += line.length;
    this.#lines.push(line);
  }

  pendingBytes(): number {
    return this.#characters;
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#characters = 0;
    await this.#output(text);
  }

  async prepareCommit(): Promise<readonly unknown[]> {
    await this.flush();
    return [];
  }

  async close(): Promise<void> {}
}

const ON_ONE_LINE = { breakLength: Number.POSITIVE_INFINITY, compact: true, depth: 10 } as const;

function linePrefix(prefix: string, { subtask, parallelism }: SinkWriterContext): string {
  const number = parallelism > 1 ? `${subtask + 1}` : '';
  if (prefix === '' && number === '') return '';
  return prefix === '' || number === '' ? `${prefix}${number}> ` : `${prefix}:${number}> `;
}

function writeToStdout(text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  return promise;
}
