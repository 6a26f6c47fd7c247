import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { JobVertex } from '../lib/graph/job-graph.ts';
import { constructId } from './construct-id.ts';
import { notDeployable } from './deployable-plan.ts';
import type { JobScope } from './job-scope.ts';

/** A day is the shortest: what was sent and is lost is fetched from the log of its sender. */
const RETENTION = Duration.hours(24);

/** The stream of each vertex that reads frames: shard i belongs to subtask i. By vertex id. */
export function createTaskStreams(job: JobScope): ReadonlyMap<string, Stream> {
  const targets = job.plan.jobGraph.vertices.filter(({ inputs }) => inputs.length > 0);
  return new Map(targets.map((vertex) => [vertex.id, createStream(job, vertex)]));
}

function createStream({ scope, plan, encryptionKey }: JobScope, vertex: JobVertex): Stream {
  const stream = new Stream(scope, `Stream-${constructId(vertex.id)}-${plan.topologyHash}`, {
    streamMode: StreamMode.PROVISIONED,
    shardCount: vertex.parallelism,
    retentionPeriod: RETENTION,
    ...(encryptionKey === undefined
      ? { encryption: StreamEncryption.MANAGED }
      : { encryption: StreamEncryption.KMS, encryptionKey }),
    // Frames are a copy of what is in the logs.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(stream).acknowledge({
    id: 'AwsSolutions-KDS3',
    reason: 'Records are encrypted with the key of the account unless the job is given another one.',
  });
  refuseOtherShards(stream, { shards: vertex.parallelism });
  return stream;
}

/** An override of the resource may not break the assignment of shards to subtasks. */
function refuseOtherShards(stream: Stream, { shards }: { readonly shards: number }): void {
  stream.node.addValidation({
    validate: () => {
      const { defaultChild } = stream.node;
      if (!(defaultChild instanceof CfnStream)) return [];
      const mode = stream.stack.resolve(defaultChild.streamModeDetails)?.streamMode;
      if (mode === StreamMode.PROVISIONED && defaultChild.shardCount === shards) return [];
      return [
        notDeployable(
          stream.node.path,
          `the stream must be PROVISIONED with ${shards} shards: each shard belongs to one subtask, and an ` +
            'on-demand stream does not send records where their hash keys say',
        ).message,
      ];
    },
  });
}
