/** Where measured numbers go: scopes, and names within a scope, are kept apart. Names are Flink's. */
export interface Metrics {
  /** Adds to a counter. `scope` is `vertex`, `vertex/subtask` or an operator's uid. */
  count(scope: string, name: string, by: number): void;
  /** Sets a gauge, which is not the counter of the same name. */
  gauge(scope: string, name: string, value: number): void;
}
