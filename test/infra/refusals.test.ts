import { App, Size, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { CfnStream, Stream } from 'aws-cdk-lib/aws-kinesis';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { Sinks, Sources, StreamJob } from '../../infra/index.ts';
import { addCounts, COUNTS, createStack, resourcesOf } from './job-stack.ts';

describe('refused at synthesis with the path of the construct', () => {
  it('a_binding_that_names_no_operator', () => {
    const parts = createStack();
    const bindings = { clicks: Sources.kinesis(parts.input), outt: Sinks.s3(parts.output, '') };
    expect(() => addCounts(parts, { bindings })).toThrow(
      "Test/Counts: binds 'outt', which is no source or sink of the job: it has 'clicks', 'out'",
    );
  });

  it('a_sink_bound_as_a_source', () => {
    const parts = createStack();
    const bindings = { clicks: Sources.kinesis(parts.input), out: Sources.kinesis(parts.input) };
    expect(() => addCounts(parts, { bindings })).toThrow(
      /Test\/Counts: binds sink 'out' .*take one of Sinks/,
    );
  });

  it('a_source_of_files_without_a_binding', () => {
    const parts = createStack();
    expect(() => addCounts(parts, { bindings: {} })).toThrow(
      /Test\/Counts: source 'clicks' \(.*counts\.ts:\d+:\d+\) reads .*, which cannot run on AWS/,
    );
  });

  it('a_sink_of_files_without_a_binding', () => {
    const parts = createStack();
    const bindings = { clicks: Sources.kinesis(parts.input) };
    expect(() => addCounts(parts, { bindings })).toThrow(/sink 'out' .*Sinks\.s3\(bucket, 'out\/'\)/);
  });

  it('more_than_256_subtasks', () => {
    expect(() => addCounts(createStack(), { parallelism: 257, maxParallelism: 512 })).toThrow(
      /Test\/Counts: vertex 'c.*' has a parallelism of 257; on AWS it is at most 256/,
    );
  });

  it('a_vertex_that_does_not_exist', () => {
    expect(() => addCounts(createStack(), { vertices: { count: {} } })).toThrow(
      "vertices has 'count', but the vertices of the job are clicks, counts",
    );
  });

  it('a_batch_size_that_lambda_does_not_take', () => {
    expect(() => addCounts(createStack(), { batchSize: 10_001 })).toThrow(/batch size of 10001/);
  });

  it('an_imported_table_whose_key_is_not_told', () => {
    const parts = createStack();
    const table = Table.fromTableName(parts.stack, 'Imported', 'counts');
    const clicks = Sources.kinesis(parts.input);
    expect(() => addCounts(parts, { bindings: { clicks, out: Sinks.dynamodb(table) } })).toThrow(
      /Test\/Counts: the key of table Test\/Imported is not known/,
    );
    const out = Sinks.dynamodb(table, { partitionKey: 'user' });
    expect(() => addCounts(parts, { id: 'Told', bindings: { clicks, out } })).not.toThrow();
  });

  it('a_table_without_a_stream_as_a_source', () => {
    const parts = createStack();
    const table = Table.fromTableName(parts.stack, 'Imported', 'clicks');
    const bindings = { clicks: Sources.dynamodbStream(table), out: Sinks.s3(parts.output, '') };
    expect(() => addCounts(parts, { bindings })).toThrow(/Test\/Imported, which has no stream/);
  });

  it('an_internal_stream_that_was_made_on_demand', () => {
    const parts = createStack();
    const stream = addCounts(parts).streams.get('counts')?.node.defaultChild;
    if (!(stream instanceof CfnStream)) throw new Error('The stream of counts is missing.');
    stream.streamModeDetails = { streamMode: 'ON_DEMAND' };
    expect(() => parts.app.synth()).toThrow(
      /Test\/Counts\/Stream-counts-.*must be PROVISIONED with 2 shards/,
    );
  });

  it('a_module_with_top_level_await', () => {
    const stack = new Stack(new App(), 'Test');
    expect(() => new StreamJob(stack, 'Job', { entry: 'test/infra/jobs/awaiting.ts' })).toThrow(
      /awaiting\.ts.* uses `await` at its top level.*export default defineJob/,
    );
  });

  it('a_file_that_does_not_exist', () => {
    const stack = new Stack(new App(), 'Test');
    expect(() => new StreamJob(stack, 'Job', { entry: COUNTS.replace('counts', 'count') })).toThrow(
      /There is no file test\/infra\/jobs\/count\.ts.*Did you mean/,
    );
  });
});

describe('a_table_is_bound_only_where_the_writes_of_a_key_have_an_order', () => {
  const SINKS = ['direct', 'keyed', 'counted', 'late', 'spread', 'narrowed', 'joined', 'halfKeyed'];

  /** Binds one sink to a table, the others to objects. */
  function bind(sink: string, parallelism: number): () => StreamJob {
    const parts = createStack();
    const table = Table.fromTableName(parts.stack, 'Users', 'users');
    const objects = SINKS.map((name) => [name, Sinks.s3(parts.output, `${name}/`)] as const);
    const bindings = { ...Object.fromEntries(objects), clicks: Sources.kinesis(parts.input) };
    const users = Sinks.dynamodb(table, { partitionKey: 'user' });
    const entry = 'test/infra/jobs/upserts.ts';
    const props = { entry, parallelism, bindings: { ...bindings, [sink]: users } };
    return () => addCounts(parts, props);
  }

  it.each(['direct', 'spread', 'halfKeyed'])(
    "'%s'_may_get_a_key_in_several_subtasks_and_is_refused",
    (sink) => {
      const refusal =
        `Test/Counts: binds sink '${sink}' \\(.*upserts\\.ts:\\d+:\\d+\\) with a parallelism of 2 to table ` +
        'Test/Users, but records of one key may come to several of its subtasks.*Put keyBy\\(\\) with';
      expect(bind(sink, 2)).toThrow(new RegExp(refusal));
    },
  );

  it.each(['keyed', 'counted', 'late', 'narrowed', 'joined'])("'%s'_gets_each_key_in_one_subtask", (sink) => {
    expect(bind(sink, 2)).not.toThrow();
  });

  it('one_subtask_gets_all_keys', () => {
    expect(bind('direct', 1)).not.toThrow();
  });
});

it('objects_are_read_without_a_stream_or_a_mapping', () => {
  const parts = createStack();
  addCounts(parts, {
    bindings: { clicks: Sources.s3(parts.output, 'in/'), out: Sinks.s3(parts.output, 'out/') },
    ephemeralStorage: Size.gibibytes(2),
  });
  const template = Template.fromStack(parts.stack);
  const ids = resourcesOf(template, 'AWS::Kinesis::Stream').map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith('CountsStream'))).toHaveLength(1);
  template.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
  template.hasResourceProperties('AWS::Lambda::Function', { EphemeralStorage: { Size: 2048 } });
});

it('a_parallelism_of_the_context_wins_and_has_to_be_one', () => {
  const withContext = (value: unknown) => {
    const app = new App({ context: { 'millrace:parallelism:Test-Counts': value } });
    const stack = new Stack(app, 'Test');
    const input = new Stream(stack, 'Input', { shardCount: 1 });
    addCounts({ app, stack, input, output: new Bucket(stack, 'Output') });
    return Template.fromStack(stack);
  };
  withContext('3').hasResourceProperties('AWS::Kinesis::Stream', { ShardCount: 3 });
  expect(() => withContext('many')).toThrow(/millrace:parallelism:Test-Counts is 'many'/);
});
