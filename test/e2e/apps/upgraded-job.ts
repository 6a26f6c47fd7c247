/** The first example in the version that the environment names. */
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Sinks, Sources, StreamJob } from '../../../infra/index.ts';

const { ENTRY = '', PARALLELISM = '1', ALLOW_NON_RESTORED_STATE } = process.env;
const stack = new Stack(new App(), 'UpgradedJob');
const flights = new Stream(stack, 'Flights', { streamMode: StreamMode.PROVISIONED, shardCount: 1 });
const results = new Bucket(stack, 'Results', {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
});

new StreamJob(stack, 'Job', {
  entry: ENTRY,
  parallelism: Number(PARALLELISM),
  maxParallelism: 128,
  allowNonRestoredState: ALLOW_NON_RESTORED_STATE !== undefined,
  bindings: {
    flights: Sources.kinesis(flights),
    hourly: Sinks.s3(results, 'hourly/'),
    late: Sinks.s3(results, 'late/'),
  },
  removalPolicy: RemovalPolicy.RETAIN,
});

new CfnOutput(stack, 'FlightsStream', { value: flights.streamName });
new CfnOutput(stack, 'ResultsBucket', { value: results.bucketName });
