/** Two jobs in one stack: one reads a stream, the other the objects of a bucket that is there already. */
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Sinks, Sources, StreamJob } from '../../../infra/index.ts';
import { OBJECTS_BUCKET } from '../objects-bucket.ts';

const stack = new Stack(new App(), 'TwoJobs');
const removalPolicy = RemovalPolicy.DESTROY;
const entry = 'examples/01-airport-delays/job.ts';
const flights = new Stream(stack, 'Flights', {
  streamMode: StreamMode.PROVISIONED,
  shardCount: 1,
  removalPolicy,
});
const results = new Bucket(stack, 'Results', {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  removalPolicy,
});
const objects = Bucket.fromBucketName(stack, 'Objects', OBJECTS_BUCKET);

const sinks = (job: string) => ({
  hourly: Sinks.s3(results, `${job}/hourly/`),
  late: Sinks.s3(results, `${job}/late/`),
});
new StreamJob(stack, 'Streamed', {
  ...{ entry, parallelism: 2, removalPolicy },
  bindings: { flights: Sources.kinesis(flights), ...sinks('streamed') },
});
new StreamJob(stack, 'Listed', {
  ...{ entry, parallelism: 2, removalPolicy },
  bindings: { flights: Sources.s3(objects, 'flights/'), ...sinks('listed') },
});

new CfnOutput(stack, 'FlightsStream', { value: flights.streamName });
new CfnOutput(stack, 'ResultsBucket', { value: results.bucketName });
