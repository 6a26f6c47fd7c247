/** Source of randomness, so that a run can be repeated from a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}
