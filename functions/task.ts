/** The function of a vertex. */
import { readFileSync } from 'node:fs';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { kinesisClient } from '../lib/adapters/kinesis/kinesis-client.ts';
import { KinesisStreamTransport } from '../lib/adapters/kinesis/kinesis-stream-transport.ts';
import { listShards } from '../lib/adapters/kinesis/shard-list.ts';
import type { JobDefinition } from '../lib/api/define-job.ts';
import type { BindingData } from '../lib/core/deployment.ts';
import type { ListedShard } from '../lib/core/listed-shard.ts';
import type { GraphStructure } from '../lib/graph/structure.ts';
import { openStores } from './deployed-stores.ts';
import { readDeployment, readVertex } from './deployment-environment.ts';
import { batchResponse } from './middlewares/batch-response.ts';
import { jobMetrics } from './middlewares/job-metrics.ts';
import { logOutcome } from './middlewares/log-outcome.ts';
import type { TaskEvent } from './task-event.ts';
import { TaskRuntime } from './task-runtime.ts';

/** Makes the handler of a job's task function; the environment says which vertex. Throws at cold start. */
export function createTaskHandler(job: JobDefinition) {
  const deployment = readDeployment();
  const runtime = new TaskRuntime({
    ...{ job, deployment, vertex: readVertex(), stores: openStores(deployment) },
    transport: new KinesisStreamTransport({ client: kinesisClient(), streams: deployment.streams }),
    listShards: shardsOf,
    deployedPlan: readDeployedPlan,
  });
  return taskHandler(runtime);
}

async function shardsOf(binding: BindingData): Promise<readonly ListedShard[]> {
  if (binding.kind === 'kinesis-source') return listShards(kinesisClient(), binding.stream);
  if (binding.kind !== 'dynamodb-source') return [];
  // Of no use in any other job.
  const { listTableShards } = await import('../lib/adapters/dynamodb/table-shards.ts');
  return listTableShards(binding.arn);
}

/** The handler over `runtime`: what Lambda is told, what is logged and what is counted. */
export function taskHandler(runtime: TaskRuntime) {
  // The first sees the outcome last and answers Lambda.
  return middy<TaskEvent, unknown>()
    .use(batchResponse())
    .use(logOutcome())
    .use(jobMetrics(runtime))
    .handler((event: TaskEvent, context: Context) =>
      runtime.handle(event, Date.now() + context.getRemainingTimeInMillis()),
    );
}

/** Written beside the bundle. */
function readDeployedPlan(): GraphStructure {
  // Synthesis wrote it with the same release.
  return JSON.parse(readFileSync(new URL('plan.json', import.meta.url), 'utf8')) as GraphStructure;
}
