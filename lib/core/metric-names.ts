/**
 * Metrics of a deployed job, where functions report them and alarms look for them. Names are Flink's where
 * Flink has the thing.
 */

/** Namespace of all metrics in CloudWatch. */
export const METRIC_NAMESPACE = 'Millrace';

/** Dimension whose value is the name of the deployed job. */
export const METRIC_DIMENSION = 'Job';

/**
 * `numRecordsIn`, `numRecordsOut`, `numLateRecordsDropped`, `numRecordsInErrors` (dead letters) count
 * records; `runsFailed` counts runs that user code ended; `numberOfCompletedCheckpoints` counts;
 * `lastCheckpointAge` is the age, in ms, of the last complete checkpoint of a job that has moved since.
 */
export const METRIC_NAMES = [
  'numRecordsIn',
  'numRecordsOut',
  'numLateRecordsDropped',
  'numRecordsInErrors',
  'numberOfCompletedCheckpoints',
  'lastCheckpointAge',
  'runsFailed',
] as const;

/** Name of a metric. */
export type MetricName = (typeof METRIC_NAMES)[number];
