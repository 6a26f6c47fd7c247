/** First byte of a column: how its values are written. */
export const COLUMN = {
  /** Each value as MessagePack. */
  values: 0,
  /** Pairs of a count and a value as MessagePack. */
  runs: 1,
  /** Whole numbers: zigzag varints of the steps, the first from 0. */
  whole: 2,
  /** Doubles. */
  floats: 3,
  /** Windows: a column of starts and a column of lengths. */
  windows: 4,
} as const;
