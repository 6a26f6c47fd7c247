/** Jobs in one stack: they read a stream, objects of a bucket that is there already, and a table. */
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { BlockPublicAccess, Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Sinks, Sources, StreamJob } from '../../../infra/index.ts';
import { OBJECTS_BUCKET } from '../objects-bucket.ts';

const stack = new Stack(new App(), 'SeveralJobs');
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
const accounts = new Table(stack, 'Accounts', {
  partitionKey: { name: 'id', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  stream: StreamViewType.NEW_AND_OLD_IMAGES,
  removalPolicy,
});
const balances = new Table(stack, 'Balances', {
  partitionKey: { name: 'account', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
  removalPolicy,
});
const paid = new Stream(stack, 'PaidRecords', {
  streamMode: StreamMode.PROVISIONED,
  shardCount: 1,
  removalPolicy,
});
const messages = new Queue(stack, 'Messages', { removalPolicy });
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
new StreamJob(stack, 'Changes', {
  entry: 'test/e2e/apps/table-changes-job.ts',
  stateBackend: 'table',
  removalPolicy,
  bindings: { changes: Sources.dynamodbStream(accounts), numbered: Sinks.s3(results, 'changes/') },
});
new StreamJob(stack, 'Paid', {
  entry: 'test/e2e/apps/payments-job.ts',
  ...{ parallelism: 2, removalPolicy },
  bindings: {
    payments: Sources.s3(objects, 'payments/', { watch: true }),
    items: Sinks.dynamodb(balances),
    records: Sinks.kinesis(paid, { partitionKey: 'account' }),
    messages: Sinks.sqs(messages),
  },
});

new CfnOutput(stack, 'BalancesTable', { value: balances.tableName });
new CfnOutput(stack, 'RecordsStream', { value: paid.streamName });
new CfnOutput(stack, 'MessagesQueue', { value: messages.queueUrl });
new CfnOutput(stack, 'AccountsTable', { value: accounts.tableName });
new CfnOutput(stack, 'FlightsStream', { value: flights.streamName });
new CfnOutput(stack, 'ResultsBucket', { value: results.bucketName });
