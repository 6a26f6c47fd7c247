/** How commands with a result end. */
import type { CommandContext } from './command-context.ts';
import { errorAsData } from './error-report.ts';

export type Finish = (exitCode: number) => void;

/** A command's result: data for programs, text for people. */
export interface Answer {
  readonly data: unknown;
  readonly text: string;
}

interface Answering {
  readonly options: { readonly json?: true | undefined };
  readonly context: CommandContext;
  readonly finish: Finish;
}

/** Prints the result of `work` or, for programs, its error, which is thrown on. */
export async function answered(
  { options, context, finish }: Answering,
  work: () => Promise<Answer>,
): Promise<void> {
  try {
    const { data, text } = await work();
    context.print(`${options.json ? JSON.stringify(data) : text}\n`);
    finish(0);
  } catch (error) {
    if (options.json) context.print(`${JSON.stringify({ error: errorAsData(error) })}\n`);
    throw error;
  }
}
