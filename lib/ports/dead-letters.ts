/** A record that could not be processed, as it is kept for people. */
export interface DeadLetter {
  /** uid of the operator that refused it, or its name if it has none. */
  readonly operator: string;
  /** Error code of the reason. */
  readonly code: string;
  /** A sentence for people. */
  readonly reason: string;
  /** Where the record stands in its source, or how it reached the operator. */
  readonly position: string;
  /** Event timestamp in ms since the epoch, if it had one. */
  readonly timestamp?: number;
  /** The record as text. */
  readonly raw: string;
}

/** Where dead letters go. */
export interface DeadLetterOutput {
  write(letter: DeadLetter): void;
}

/** A dead letter of a committed version. */
export interface CommittedLetter {
  /** The same in every attempt to keep it. */
  readonly id: string;
  readonly letter: DeadLetter;
}

/** Where committed dead letters go from many processes. */
export interface DeadLetterStore {
  /** Keeping a letter twice does no harm. */
  keep(letters: readonly CommittedLetter[]): Promise<void>;
}
