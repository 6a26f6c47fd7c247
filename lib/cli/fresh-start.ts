import { UserError } from '../core/errors.ts';
import { StateDirectory } from '../local/state-directory.ts';
import type { CommandContext } from './command-context.ts';

export interface FreshStart {
  readonly jobName: string;
  readonly stateDir: string;
  /** Folders whose content goes too. */
  readonly outputs: readonly string[];
  /** The user has agreed beforehand. */
  readonly yes: boolean;
}

/**
 * True if the state may be removed: there is none, or the user agrees.
 *
 * Throws UserError CONFIRMATION_MISSING if nobody can be asked.
 */
export async function confirmFreshStart(start: FreshStart, context: CommandContext): Promise<boolean> {
  const { jobName, stateDir, outputs, yes } = start;
  if (yes || !StateDirectory.exists(stateDir)) return true;
  const what = [
    `the state of job '${jobName}' in ${stateDir}`,
    ...outputs.map((path) => `the parts in ${path}`),
  ];
  if (context.ask === undefined) {
    throw new UserError(
      'CONFIRMATION_MISSING',
      `--fresh removes ${what.join(', ')}. Nobody can be asked here: add --yes if that is what you want.`,
      { context: { jobName } },
    );
  }
  const answer = await context.ask(`This removes ${what.join(', ')}. Go on? [y/N] `);
  return /^(y|yes)$/i.test(answer.trim());
}
