/** The first example on AWS: flights from a stream, hourly delays as objects. `npx cdk deploy` deploys it. */
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Sinks, Sources, StreamJob } from './index.ts';

const app = new App();
const stack = new Stack(app, 'AirportDelays');
// An example leaves nothing behind, once its results are taken out of their bucket.
const removalPolicy = RemovalPolicy.DESTROY;

const flights = new Stream(stack, 'Flights', {
  streamMode: StreamMode.PROVISIONED,
  shardCount: 1,
  retentionPeriod: Duration.hours(24),
  removalPolicy,
});
const results = new Bucket(stack, 'Results', {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  removalPolicy,
});

new StreamJob(stack, 'Job', {
  entry: 'examples/01-airport-delays/job.ts',
  parallelism: 2,
  bindings: {
    flights: Sources.kinesis(flights),
    hourly: Sinks.s3(results, 'hourly/'),
    late: Sinks.s3(results, 'late/'),
  },
  removalPolicy,
});

new CfnOutput(stack, 'FlightsStream', { value: flights.streamName });
new CfnOutput(stack, 'ResultsBucket', { value: results.bucketName });
