/** How much the end-to-end tests do: `npm run e2e:full` has them do more than each check of a change. */
export const FULL = process.env.MILLRACE_E2E === 'full';

/** The one number in a full run, the other in any other. */
export function scaled(usual: number, full: number): number {
  return FULL ? full : usual;
}
