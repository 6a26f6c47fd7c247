/** Runs do not mix (I15): nothing of another run is processed, and code of another run commits nothing. */

export function acceptsRun(mine: string, other: string): boolean {
  return mine === other;
}

/** `logged` is the code that the head of the log names; undefined for an empty log. */
export function mayCommitCode(logged: string | undefined, mine: string): boolean {
  return logged === undefined || logged === mine;
}
