import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Function as NodeFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { DEAD_LETTER_PREFIX } from '../lib/core/log/paths.ts';
import { serviceFunctionProps } from './coordination.ts';
import { deploymentJson } from './deployment-data.ts';
import { allow, allowKey, allowObjects, createFunctionRole } from './function-role.ts';
import type { JobScope } from './job-scope.ts';

/**
 * The function that feeds dead letters to the job again; it may send to the streams of the sources, and read
 * and delete dead letters. Undefined for a job that reads no Kinesis stream.
 */
export function createDeadLetterRetry(
  job: JobScope,
  streams: ReadonlyMap<string, Stream>,
): NodeFunction | undefined {
  const bindings = Object.values(job.props.bindings ?? {});
  const sources = bindings.filter((binding) => binding.kind === 'kinesis-source').map(({ stream }) => stream);
  if (sources.length === 0) return undefined;
  const scope = new Construct(job.scope, 'DeadLetterRetry');
  const { role, logGroup } = createFunctionRole(scope, job);
  const { bucket } = job.stores;
  allowObjects(role, { bucket, prefix: DEAD_LETTER_PREFIX, uses: ['read', 'delete'] });
  allow(role, {
    actions: ['kinesis:PutRecords'],
    resources: [...new Set(sources.map(({ streamArn }) => streamArn))],
  });
  for (const { encryptionKey } of sources) allowKey(role, encryptionKey, 'encrypt');
  return new NodeFunction(scope, 'Function', {
    ...serviceFunctionProps(job, 'dead-letter-retry'),
    role,
    logGroup,
    environment: { MILLRACE_DEPLOYMENT: deploymentJson(job, { streams }) },
  });
}
