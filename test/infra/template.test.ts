import { App, Duration, RemovalPolicy, Size, Stack, Stage } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { beforeAll, describe, expect, it } from 'vitest';
import { Sinks, Sources } from '../../infra/index.ts';
import { addCounts, countsTemplate, createStack, type JobStack, resourcesOf } from './job-stack.ts';

const MAPPING = 'AWS::Lambda::EventSourceMapping';
const FUNCTION = 'AWS::Lambda::Function';

let template: Template;
beforeAll(() => {
  template = countsTemplate();
});

describe('event source mappings', () => {
  it('retry_whole_batches_forever_in_order_and_start_disabled', () => {
    const mappings = resourcesOf(template, MAPPING);
    expect(mappings).toHaveLength(2);
    for (const { Properties } of mappings) {
      expect(Properties).toMatchObject({
        Enabled: false,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BisectBatchOnFunctionError: false,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        ParallelizationFactor: 1,
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 1,
      });
      expect(Properties).not.toHaveProperty('TumblingWindowInSeconds');
      expect(Properties).not.toHaveProperty('FilterCriteria');
    }
  });

  it('wait_for_the_policy_of_the_role_that_they_read_with', () => {
    const mappings = Object.values(template.findResources(MAPPING));
    for (const mapping of mappings) {
      expect(mapping.DependsOn).toContainEqual(expect.stringMatching(/RoleDefaultPolicy/));
    }
  });

  it('begin_at_the_time_of_the_first_deployment_when_a_source_begins_now', () => {
    const parts = createStack();
    addCounts(parts, {
      bindings: { ...sinks(parts), clicks: Sources.kinesis(parts.input, { startPosition: 'now' }) },
    });
    Template.fromStack(parts.stack).hasResourceProperties(MAPPING, {
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: { 'Fn::GetAtt': [Match.stringLikeRegexp('StartTime'), 'Seconds'] },
    });
  });

  it('begin_at_a_given_time', () => {
    const parts = createStack();
    const startPosition = new Date('2026-01-02T03:04:05Z');
    addCounts(parts, {
      bindings: { ...sinks(parts), clicks: Sources.kinesis(parts.input, { startPosition }) },
    });
    Template.fromStack(parts.stack).hasResourceProperties(MAPPING, {
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: startPosition.getTime() / 1000,
    });
  });

  it('read_through_a_consumer_of_their_own_with_enhanced_fan_out', () => {
    const parts = createStack();
    addCounts(parts, {
      bindings: { ...sinks(parts), clicks: Sources.kinesis(parts.input, { enhancedFanOut: true }) },
    });
    const found = Template.fromStack(parts.stack);
    found.resourceCountIs('AWS::Kinesis::StreamConsumer', 1);
    found.hasResourceProperties(MAPPING, {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Consumer'), 'ConsumerARN'] },
    });
  });
});

describe('what_jobs_read_and_write_in_other_stacks', () => {
  it('is_imported_by_the_stack_of_the_job', () => {
    const parts = createStack();
    const stack = new Stack(parts.app, 'Jobs');
    addCounts({ ...parts, stack });
    const found = Template.fromStack(stack);
    found.hasResourceProperties(MAPPING, {
      EventSourceArn: { 'Fn::ImportValue': Match.stringLikeRegexp('^Test:ExportsOutput.*Input') },
    });
    const { Outputs } = Template.fromStack(parts.stack).toJSON();
    expect(JSON.stringify(Outputs)).toMatch(/Input.*Arn/);
    expect(JSON.stringify(found.findResources('AWS::IAM::Policy'))).toMatch(/Test:ExportsOutput.*Output/);
  });

  it('may_be_encrypted_with_a_key_of_their_stack', () => {
    const parts = createStack();
    const key = new Key(parts.stack, 'Key');
    const input = new Stream(parts.stack, 'Sealed', { encryptionKey: key, shardCount: 1 });
    const stack = new Stack(parts.app, 'Jobs');
    addCounts({ ...parts, stack, input });
    const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    expect(policies).toMatch(/"kms:Decrypt"[^}]*"Resource":\{"Fn::ImportValue":"Test:ExportsOutput[^"]*Key/);
  });
});

describe('streams', () => {
  it('have_one_shard_for_each_subtask_and_carry_the_topology_in_their_ids', () => {
    const own = (found: Template) =>
      resourcesOf(found, 'AWS::Kinesis::Stream').filter(({ id }) => id.includes('Stream'));
    const [stream] = own(template);
    expect(own(template)).toHaveLength(1);
    expect(stream!.Properties).toMatchObject({
      ShardCount: 2,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
      StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
    });
    const [wider] = own(countsTemplate({ parallelism: 4 }));
    expect(wider!.id).not.toBe(stream!.id);
    const [slower] = own(countsTemplate({ batchWindow: Duration.seconds(5) }));
    expect(slower!.id).toBe(stream!.id);
  });

  it('hold_what_was_sent_for_a_day', () => {
    template.hasResourceProperties('AWS::Kinesis::Stream', { ShardCount: 2, RetentionPeriodHours: 24 });
  });
});

describe('functions', () => {
  it('run_node_24_on_arm64_with_a_log_group_of_bounded_age', () => {
    const functions = resourcesOf(template, FUNCTION);
    expect(functions).toHaveLength(6);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(Properties.LoggingConfig).toHaveProperty('LogGroup');
    }
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    expect(groups.every(({ Properties }) => Properties.RetentionInDays === 30)).toBe(true);
    const shorter = countsTemplate({ logRetention: RetentionDays.ONE_DAY });
    shorter.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });

  it('share_one_asset', () => {
    const keys = resourcesOf(template, FUNCTION).map(({ Properties }) => JSON.stringify(Properties.Code));
    expect(new Set(keys).size).toBe(1);
  });

  it('get_secrets_by_their_arns_and_may_read_them', () => {
    const parts = createStack();
    addCounts(parts, { secrets: { API_KEY: new Secret(parts.stack, 'ApiKey') } });
    const found = Template.fromStack(parts.stack);
    found.hasResourceProperties(FUNCTION, {
      Environment: {
        Variables: {
          MILLRACE_VERTEX: 'clicks',
          MILLRACE_SECRETS: { 'Fn::Join': ['', ['{"API_KEY":"', { Ref: Match.anyValue() }, '"}']] },
        },
      },
    });
    found.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: Match.arrayWith(['secretsmanager:GetSecretValue']) }),
        ]),
      },
    });
  });

  it('are_placed_in_the_network_of_the_props', () => {
    const parts = createStack();
    const vpc = Vpc.fromVpcAttributes(parts.stack, 'Network', {
      vpcId: 'vpc-1',
      availabilityZones: ['a'],
      privateSubnetIds: ['subnet-1'],
    });
    addCounts(parts, { vpc });
    const inNetwork = resourcesOf(Template.fromStack(parts.stack), FUNCTION).filter(
      ({ Properties }) => Properties.VpcConfig !== undefined,
    );
    expect(inNetwork.map(({ Properties }) => Properties.Handler)).toEqual(['task.handler', 'task.handler']);
  });

  it('take_memory_batch_and_environment_from_the_props', () => {
    const found = countsTemplate({
      memory: Size.mebibytes(512),
      vertices: { counts: { memory: Size.gibibytes(2), batchSize: 7, batchWindow: Duration.seconds(0) } },
      environment: { LEVEL: 'debug' },
      timeout: Duration.seconds(30),
    });
    const task = (vertex: string) => ({
      Environment: { Variables: { MILLRACE_VERTEX: vertex, LEVEL: 'debug' } },
      Timeout: 30,
    });
    found.hasResourceProperties(FUNCTION, { ...task('clicks'), MemorySize: 512 });
    found.hasResourceProperties(FUNCTION, { ...task('counts'), MemorySize: 2048 });
    found.hasResourceProperties(MAPPING, { BatchSize: 7, MaximumBatchingWindowInSeconds: 0 });
  });
});

describe('stores', () => {
  it('stay_when_the_job_is_removed_unless_told_otherwise', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket']) {
      const own = (found: Template) => resourcesOf(found, type).filter(({ id }) => id.startsWith('Counts'));
      expect(own(template).every(({ DeletionPolicy }) => DeletionPolicy === 'Retain')).toBe(true);
      const removed = own(countsTemplate({ removalPolicy: RemovalPolicy.DESTROY }));
      expect(removed.every(({ DeletionPolicy }) => DeletionPolicy === 'Delete')).toBe(true);
    }
    template.hasResource('AWS::Kinesis::Stream', { DeletionPolicy: 'Delete' });
  });

  it('have_a_state_table_only_with_the_table_backend', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 2);
    countsTemplate({ stateBackend: 'table' }).resourceCountIs('AWS::DynamoDB::Table', 3);
  });

  it('are_private_encrypted_and_recoverable', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: Match.anyValue(),
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    template.hasResourceProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.allResourcesProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('are_encrypted_with_the_key_of_the_props', () => {
    const parts = createStack();
    const encryptionKey = new Key(parts.stack, 'Key');
    addCounts(parts, { encryptionKey });
    const found = Template.fromStack(parts.stack);
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    found.hasResourceProperties('AWS::Kinesis::Stream', { StreamEncryption: { KeyId: key } });
    found.hasResourceProperties('AWS::SQS::Queue', { KmsMasterKeyId: key });
    found.allResourcesProperties('AWS::DynamoDB::Table', { SSESpecification: { KMSMasterKeyId: key } });
    found.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: key });
    found.allResourcesProperties(FUNCTION, { KmsKeyArn: key });
    found.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({
            ServerSideEncryptionByDefault: { KMSMasterKeyID: key, SSEAlgorithm: 'aws:kms' },
          }),
        ],
      },
    });
  });
});

describe('schedules, dashboard and outputs', () => {
  it('sweep_each_minute_and_checkpoint_at_the_interval', () => {
    const expressions = (found: Template) =>
      resourcesOf(found, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties.ScheduleExpression);
    expect(expressions(template)).toEqual(['rate(1 minute)', 'rate(10 minutes)']);
    const hourly = countsTemplate({ checkpointInterval: Duration.hours(1) });
    expect(expressions(hourly)).toEqual(['rate(1 minute)', 'rate(60 minutes)']);
  });

  it('begin_when_the_run_is_there', () => {
    const schedules = Object.values(template.findResources('AWS::Scheduler::Schedule'));
    for (const schedule of schedules) {
      expect(schedule.DependsOn).toContainEqual(expect.stringMatching(/^CountsRun[0-9A-F]{8}$/));
    }
  });

  it('make_a_dashboard_only_on_demand', () => {
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    const found = countsTemplate({ dashboard: true });
    found.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    expect(Object.keys(found.findOutputs('*')).some((id) => id.includes('DashboardUrl'))).toBe(true);
  });

  it('say_what_the_streams_and_state_machines_are', () => {
    const ids = Object.keys(template.findOutputs('*')).join();
    const names = [
      'StreamNames',
      'CheckpointArn',
      'SavepointArn',
      'StopArn',
      'RestoreArn',
      'JobName',
      'Bucket',
    ];
    for (const name of names) expect(ids).toContain(`Counts${name}`);
  });
});

it('a_table_as_a_source_is_read_in_windows_because_only_their_batches_name_the_shard', () => {
  const parts = createStack();
  const table = new Table(parts.stack, 'Changed', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
    stream: StreamViewType.NEW_IMAGE,
  });
  addCounts(parts, { bindings: { clicks: Sources.dynamodbStream(table), ...sinks(parts) } });
  const template = Template.fromStack(parts.stack);
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Changed'), 'StreamArn'] },
    StartingPosition: 'TRIM_HORIZON',
    TumblingWindowInSeconds: 900,
  });
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Action: Match.arrayWith(['dynamodb:DescribeStream', 'dynamodb:GetRecords']) }),
      ]),
    },
  });
});

describe('several jobs', () => {
  it('in_one_stack_have_names_of_their_own', () => {
    const parts = createStack();
    const one = addCounts(parts, { id: 'One' });
    const two = addCounts(parts, { id: 'Two' });
    expect(one.jobName).toBe('Test-One');
    expect(two.jobName).toBe('Test-Two');
    Template.fromStack(parts.stack).resourceCountIs('Custom::MillraceRun', 2);
  });

  it('of_one_app_in_several_stages_have_names_of_their_own', () => {
    const app = new App();
    const [beta, live] = ['Beta', 'Live'].map((name) => {
      const stack = new Stack(new Stage(app, name), 'Jobs');
      const input = new Stream(stack, 'Input', { shardCount: 1 });
      const job = addCounts({ app, stack, input, output: new Bucket(stack, 'Output') });
      return { name: job.jobName, template: JSON.stringify(Template.fromStack(stack)) };
    });
    expect(beta?.name).toBe('Beta-Jobs-Counts');
    expect(live?.name).toBe('Live-Jobs-Counts');
    expect(beta?.template).not.toContain('Live-');
  });

  it('of_two_stacks_with_long_names_differ', () => {
    const [a, b] = ['a', 'b'].map((end) => addCounts(createStack('S'.repeat(60) + end)).jobName);
    expect(a).not.toBe(b);
    expect(a!.length).toBeLessThanOrEqual(40);
  });
});

/** The bindings of `addCounts` are replaced as a whole. */
function sinks({ output }: JobStack) {
  return { out: Sinks.s3(output, 'out/') };
}
