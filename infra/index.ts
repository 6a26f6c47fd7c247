export {
  type Binding,
  type ChangedTable,
  type DynamodbSinkOptions,
  type DynamodbStreamOptions,
  type KinesisSinkOptions,
  type KinesisSourceOptions,
  type ObjectBucket,
  type S3SourceOptions,
  type SinkBinding,
  Sinks,
  type SourceBinding,
  Sources,
  type StartPosition,
  type TargetTable,
} from './bindings.ts';
export type { StateMachines } from './state-machines.ts';
export type { Stores } from './stores.ts';
export { StreamJob } from './stream-job.ts';
export type { AlarmProps, JobSecret, StreamJobProps, VertexProps } from './stream-job-props.ts';
