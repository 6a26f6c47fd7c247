/**
 * Event source mappings: what feeds the functions.
 *
 * A batch is repeated until it succeeds, in order and whole: positions are in the log, so a repeated record
 * does no harm and a skipped one would be lost. Mappings are made disabled: a run enables them.
 */
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { CfnStreamConsumer, type Stream } from 'aws-cdk-lib/aws-kinesis';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { SourceBinding, StartPosition } from './bindings.ts';
import { constructId } from './construct-id.ts';
import { notDeployable, sourceBindingOf } from './deployable-plan.ts';
import { allow } from './function-role.ts';
import type { JobScope } from './job-scope.ts';
import type { TaskFunction } from './task-functions.ts';

/** A mapping with what identifies it for those who switch it. */
export interface SourceMapping {
  readonly vertexId: string;
  readonly resource: CfnEventSourceMapping;
  /** Its settings as text: a change of them is a change of the mapping. */
  readonly settings: string;
}

export interface SourceMappingParts {
  readonly tasks: readonly TaskFunction[];
  /** By vertex id. */
  readonly streams: ReadonlyMap<string, Stream>;
  /** Seconds since the epoch at which the job was deployed first; asked for if a source begins `now`. */
  readonly startTime: () => number;
}

const BATCH_SIZE = 1000;
const BATCH_SIZE_MAX = 10_000;
const BATCH_WINDOW = Duration.seconds(1);
const BATCH_WINDOW_MAX = Duration.minutes(5);
const READ_AS_CONSUMER = ['kinesis:SubscribeToShard', 'kinesis:DescribeStreamConsumer'];
/** The longest that there is: a window costs an invocation when it ends. */
const WINDOW_SECONDS = 900;
/** Of Lambda: retry for ever, at any age. */
const UNLIMITED = -1;

interface Start {
  readonly startingPosition: string;
  readonly startingPositionTimestamp?: number;
}

/** Makes a mapping for each vertex that reads a stream, in topological order. */
export function createSourceMappings(job: JobScope, parts: SourceMappingParts): readonly SourceMapping[] {
  const bindings = job.props.bindings ?? {};
  // Nothing delivers the objects of a bucket: the sweeper wakes their readers.
  const fed = parts.tasks.filter(({ vertex }) => sourceBindingOf(vertex, bindings)?.kind !== 's3-source');
  return fed.map((task) => createMapping(job, { ...parts, task }));
}

function createMapping(
  job: JobScope,
  { task, streams, startTime }: SourceMappingParts & { readonly task: TaskFunction },
): SourceMapping {
  const { vertex } = task;
  const { scope, plan, props, stores } = job;
  const binding = sourceBindingOf(vertex, props.bindings ?? {});
  const own = streams.get(vertex.id);
  const external = own === undefined && binding !== undefined;
  // How far a mapping is in a stream of others must outlive a change of the plan.
  const id = external ? constructId(vertex.id) : `${constructId(vertex.id)}-${plan.topologyHash}`;
  const eventSourceArn = external ? externalArn(job, { binding, id, task }) : own?.streamArn;
  const start: Start = external ? startOf(binding, startTime) : { startingPosition: 'TRIM_HORIZON' };
  const { batchSize, batchWindow } = batchOf(job, vertex.id);
  const resource = new CfnEventSourceMapping(scope, `Mapping-${id}`, {
    functionName: task.fn.functionName,
    ...(eventSourceArn === undefined ? {} : { eventSourceArn }),
    ...start,
    enabled: false,
    batchSize,
    maximumBatchingWindowInSeconds: batchWindow.toSeconds(),
    parallelizationFactor: 1,
    bisectBatchOnFunctionError: false,
    maximumRetryAttempts: UNLIMITED,
    maximumRecordAgeInSeconds: UNLIMITED,
    functionResponseTypes: ['ReportBatchItemFailures'],
    // Only then a batch of a table's stream says of which shard it is.
    ...(external && binding.kind === 'dynamodb-source' ? { tumblingWindowInSeconds: WINDOW_SECONDS } : {}),
    destinationConfig: { onFailure: { destination: stores.undelivered.queueArn } },
  });
  // Lambda tries the role when it makes the mapping.
  resource.node.addDependency(task.role);
  return { vertexId: vertex.id, resource, settings: `${batchSize}/${batchWindow.toSeconds()}` };
}

function batchOf(
  { props, scope }: JobScope,
  vertexId: string,
): { readonly batchSize: number; readonly batchWindow: Duration } {
  const own = props.vertices?.[vertexId];
  const batchSize = own?.batchSize ?? props.batchSize ?? BATCH_SIZE;
  const batchWindow = own?.batchWindow ?? props.batchWindow ?? BATCH_WINDOW;
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > BATCH_SIZE_MAX) {
    throw notDeployable(
      scope.node.path,
      `vertex '${vertexId}' has a batch size of ${batchSize}; ` +
        `it is a whole number from 1 to ${BATCH_SIZE_MAX}`,
    );
  }
  const seconds = batchWindow.toSeconds({ integral: false });
  if (!Number.isInteger(seconds) || seconds > BATCH_WINDOW_MAX.toSeconds()) {
    throw notDeployable(
      scope.node.path,
      `vertex '${vertexId}' gathers records for ${batchWindow.toHumanString()}; ` +
        `it is whole seconds, at most ${BATCH_WINDOW_MAX.toHumanString()}`,
    );
  }
  return { batchSize, batchWindow };
}

function externalArn(
  { scope, jobName }: JobScope,
  {
    binding,
    id,
    task,
  }: { readonly binding: SourceBinding; readonly id: string; readonly task: TaskFunction },
): string | undefined {
  switch (binding.kind) {
    case 'kinesis-source': {
      if (!binding.enhancedFanOut) return binding.stream.streamArn;
      const consumer = new CfnStreamConsumer(scope, `Consumer-${id}`, {
        streamArn: binding.stream.streamArn,
        consumerName: `${jobName}-${id}`,
      });
      allow(task.role, { actions: READ_AS_CONSUMER, resources: [consumer.attrConsumerArn] });
      return consumer.attrConsumerArn;
    }
    case 'dynamodb-source':
      return binding.table.tableStreamArn;
    case 's3-source':
      return undefined;
  }
}

function startOf(binding: SourceBinding, startTime: () => number): Start {
  const position: StartPosition = binding.kind === 'kinesis-source' ? binding.startPosition : 'trim-horizon';
  if (position === 'trim-horizon') return { startingPosition: 'TRIM_HORIZON' };
  return {
    startingPosition: 'AT_TIMESTAMP',
    startingPositionTimestamp: position === 'now' ? startTime() : position.getTime() / 1000,
  };
}

/** ARNs of mappings, for who switches them. */
export function mappingArns(job: JobScope, mappings: readonly SourceMapping[]): readonly string[] {
  const stack = Stack.of(job.scope);
  return mappings.map(({ resource }) =>
    stack.formatArn({
      service: 'lambda',
      resource: 'event-source-mapping',
      resourceName: resource.ref,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
}
