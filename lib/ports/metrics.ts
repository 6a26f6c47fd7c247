/** Where measured numbers go. Names are Flink's. */
export interface Metrics {
  /** Adds to a counter. `scope` is `vertex`, `vertex/subtask` or an operator's uid. */
  count(scope: string, name: string, by: number): void;
  /** Sets a gauge. */
  gauge(scope: string, name: string, value: number): void;
}
