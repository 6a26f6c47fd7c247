/**
 * Metrics of a deployed job, where functions report them and alarms look for them. Names are Flink's where
 * Flink has the thing.
 */

/** Namespace of all metrics in CloudWatch. */
export const METRIC_NAMESPACE = 'Millrace';

/** Dimension whose value is the name of the deployed job. */
export const METRIC_DIMENSION = 'Job';

/** Dimension beside it whose value is the id of a vertex, in jobs that ask for metrics of their vertices. */
export const VERTEX_DIMENSION = 'Vertex';

/**
 * `numRecordsIn`, `numRecordsOut`, `numLateRecordsDropped`, `numRecordsInErrors` (dead letters) count
 * records; `runsFailed` counts runs that user code ended. `watermarkLag` is how far, in ms, the event time of
 * a subtask is behind the clock when it commits; a subtask without a watermark, or whose inputs are idle or
 * over, has none. `numberOfCompletedCheckpoints` and `numberOfFailedCheckpoints` count those that were begun,
 * savepoints of a running job too; `lastCheckpointDuration` is the time, in ms, in which one was completed;
 * `lastCheckpointAge` is the age, in ms, of the last complete checkpoint of a job that has moved since.
 */
export const METRIC_NAMES = [
  'numRecordsIn',
  'numRecordsOut',
  'numLateRecordsDropped',
  'numRecordsInErrors',
  'watermarkLag',
  'numberOfCompletedCheckpoints',
  'numberOfFailedCheckpoints',
  'lastCheckpointDuration',
  'lastCheckpointAge',
  'runsFailed',
] as const;

/** Name of a metric. */
export type MetricName = (typeof METRIC_NAMES)[number];
