/** The half of aws-kinesis-agg that reads: its entry brings what only aggregating needs. */
declare module 'aws-kinesis-agg/lib/kpl-deagg.js' {
  import type { deaggregateSync } from 'aws-kinesis-agg';

  const deaggregation: { readonly deaggregateSync: typeof deaggregateSync };
  export default deaggregation;
}
