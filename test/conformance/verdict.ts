/** What became of a case, and the two reasons for which a group gives one up. */

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly difference: string }
  | { readonly kind: 'skipped'; readonly reason: string };

/** Thrown when a case uses something that the runner does not know: the case is skipped, never passed. */
export class CannotExpress extends Error {}

/** Thrown when Millrace does something else than the case demands. */
export class Difference extends Error {}

/** Runs `run` and turns what it throws into a verdict. */
export async function verdictOf(run: () => void | Promise<void>): Promise<Verdict> {
  try {
    await run();
    return { kind: 'passed' };
  } catch (error) {
    if (error instanceof CannotExpress) return { kind: 'skipped', reason: error.message };
    if (error instanceof Difference) return { kind: 'failed', difference: error.message };
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: 'failed', difference: `threw ${text}` };
  }
}
