import type { CommandContext } from './command-context.ts';
import { formatSpan } from './status-text.ts';

const REFRESH_MS = 200;
const CLEAR_LINE = '\r\u001b[K';

/** Does `work` and shows on a terminal, while it lasts, what is being done and for how long. */
export async function withProgress<T>(
  { terminal }: CommandContext,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  if (terminal === undefined) return work();
  const begun = performance.now();
  const timer = setInterval(() => {
    terminal.control(`${CLEAR_LINE}${doing} … ${formatSpan(performance.now() - begun)}`);
  }, REFRESH_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    terminal.control(CLEAR_LINE);
  }
}
