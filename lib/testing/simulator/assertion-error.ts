/** What the protocol promises and the simulator checks, by the ids of docs/protocol.md. */
export type AssertionId =
  | 'A1'
  | 'A2'
  | 'A3'
  | 'A4'
  | 'A5'
  | 'A6'
  | 'A7'
  | 'A8'
  | 'A9'
  | 'A10'
  | 'A11'
  | 'A12'
  | 'A13'
  | 'A14'
  | 'A15'
  | 'A16'
  /** The code under test itself has noticed that something is wrong. */
  | 'invariant'
  /** Nothing can happen any more, or too much happens, before everything is done. */
  | 'liveness'
  /** More calls than the protocol needs. */
  | 'efficiency';

/** An assertion of the protocol does not hold. */
export class AssertionError extends Error {
  readonly assertion: AssertionId;

  constructor(assertion: AssertionId, message: string) {
    super(`${assertion}: ${message}`);
    this.name = 'AssertionError';
    this.assertion = assertion;
  }
}
