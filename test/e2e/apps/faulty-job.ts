/** The first example with small batches, in processes that fail; its environment says how. */
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Sinks, Sources, StreamJob } from '../../../infra/index.ts';

const stack = new Stack(new App(), 'FaultyJob');
const removalPolicy = RemovalPolicy.DESTROY;
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
const variables = ['NODE_OPTIONS', 'MILLRACE_FAULTS_FILE', 'MILLRACE_FAULTS_RATE', 'MILLRACE_FAULTS_KINDS'];
const named = variables.map((name) => [name, process.env[`FUNCTION_${name}`]] as const);

new StreamJob(stack, 'Job', {
  entry: 'examples/01-airport-delays/job.ts',
  parallelism: 2,
  batchSize: 100,
  batchWindow: Duration.seconds(0),
  environment: Object.fromEntries(
    named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
  bindings: {
    flights: Sources.kinesis(flights),
    hourly: Sinks.s3(results, 'hourly/'),
    late: Sinks.s3(results, 'late/'),
  },
  removalPolicy,
});

new CfnOutput(stack, 'FlightsStream', { value: flights.streamName });
new CfnOutput(stack, 'ResultsBucket', { value: results.bucketName });
