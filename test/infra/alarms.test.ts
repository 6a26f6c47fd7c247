/** What goes off when a job is in trouble, and the metrics that it looks at. */
import { Duration } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { Sinks, Sources } from '../../infra/index.ts';
import { METRIC_NAMES } from '../../lib/core/metric-names.ts';
import { addCounts, countsTemplate, createStack, resourcesOf } from './job-stack.ts';

const ALARM = 'AWS::CloudWatch::Alarm';
const MINUTE_MS = 60_000;

/** Of a metric of the job: the alarm goes off with the first minute above the threshold. */
function ofJob(MetricName: string, rest: { readonly Statistic: string; readonly Threshold: number }) {
  return {
    ...{ MetricName, ...rest, Namespace: 'Millrace', Period: 60, EvaluationPeriods: 1 },
    Dimensions: [{ Name: 'Job', Value: 'Test-Counts' }],
    ComparisonOperator: 'GreaterThanThreshold',
  };
}

describe('the alarms of a job', () => {
  const template = countsTemplate();

  it('are_one_for_each_kind_of_trouble_and_one_for_each_vertex_that_reads_a_stream', () => {
    const names = resourcesOf(template, ALARM).map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''));
    expect(names.toSorted()).toEqual(
      [
        ...['CheckpointAge', 'DeadLetters', 'IteratorAgeclicks', 'IteratorAgecounts'],
        ...['RunFailed', 'Undelivered'],
      ].map((name) => `CountsAlarms${name}`),
    );
    template.allResourcesProperties(ALARM, { TreatMissingData: 'notBreaching' });
  });

  it('go_off_with_the_first_dead_letter_and_the_first_failed_run', () => {
    template.hasResourceProperties(ALARM, ofJob('numRecordsInErrors', { Statistic: 'Sum', Threshold: 0 }));
    template.hasResourceProperties(ALARM, ofJob('runsFailed', { Statistic: 'Sum', Threshold: 0 }));
  });

  it('go_off_with_the_first_message_that_could_not_be_delivered', () => {
    template.hasResourceProperties(ALARM, {
      ...{ Namespace: 'AWS/SQS', MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 0 },
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [Match.anyValue(), 'QueueName'] } }],
    });
  });

  it('go_off_when_the_last_checkpoint_is_older_than_three_intervals_or_than_the_prop_says', () => {
    const age = (Threshold: number) => ofJob('lastCheckpointAge', { Statistic: 'Maximum', Threshold });
    template.hasResourceProperties(ALARM, age(30 * MINUTE_MS));
    const hourly = countsTemplate({ checkpointInterval: Duration.hours(1) });
    hourly.hasResourceProperties(ALARM, age(180 * MINUTE_MS));
    const strict = countsTemplate({ alarms: { checkpointAge: Duration.minutes(12) } });
    strict.hasResourceProperties(ALARM, age(12 * MINUTE_MS));
  });

  it('go_off_when_a_vertex_has_read_old_records_for_five_minutes', () => {
    const late = (vertex: string, Threshold: number) => ({
      ...{ Namespace: 'AWS/Lambda', MetricName: 'IteratorAge', Statistic: 'Maximum', Threshold },
      ...{ Period: 60, EvaluationPeriods: 5, AlarmDescription: Match.stringLikeRegexp(`'${vertex}'`) },
      Dimensions: [
        { Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp(`^CountsTask${vertex}Function`) } },
      ],
    });
    const strict = countsTemplate({ alarms: { iteratorAge: Duration.minutes(2) } });
    for (const vertex of ['clicks', 'counts']) {
      template.hasResourceProperties(ALARM, late(vertex, 5 * MINUTE_MS));
      strict.hasResourceProperties(ALARM, late(vertex, 2 * MINUTE_MS));
    }
  });

  it('do_not_ask_for_the_age_of_objects', () => {
    const parts = createStack();
    const { output } = parts;
    addCounts(parts, {
      bindings: { clicks: Sources.s3(output, 'in/'), out: Sinks.s3(output, 'out/') },
    });
    const alarms = resourcesOf(Template.fromStack(parts.stack), ALARM).map(({ id }) => id);
    expect(alarms.filter((id) => id.includes('IteratorAge'))).toEqual([
      expect.stringContaining('IteratorAgecounts'),
    ]);
  });

  it('tell_the_topic_of_the_props_when_they_go_off_and_when_they_end', () => {
    const parts = createStack();
    const topic = new Topic(parts.stack, 'Topic');
    addCounts(parts, { alarms: { topic } });
    const told = [{ Ref: Match.stringLikeRegexp('^Topic') }];
    const found = Template.fromStack(parts.stack);
    found.resourceCountIs(ALARM, 6);
    found.allResourcesProperties(ALARM, { AlarmActions: told, OKActions: told });
  });

  it('are_none_if_so_wished', () => {
    countsTemplate({ alarms: false }).resourceCountIs(ALARM, 0);
  });
});

describe('the metrics of a job', () => {
  it('are_on_its_dashboard_all_but_failed_runs', () => {
    const dashboard = JSON.stringify(
      resourcesOf(countsTemplate({ dashboard: true }), 'AWS::CloudWatch::Dashboard'),
    );
    const missing = METRIC_NAMES.filter((name) => !dashboard.includes(`\\"${name}\\"`));
    expect(missing).toEqual(['runsFailed']);
  });

  it('are_those_of_its_vertices_too_only_on_demand', () => {
    const deployments = (props: Parameters<typeof countsTemplate>[0]) =>
      JSON.stringify(resourcesOf(countsTemplate(props), 'AWS::Lambda::Function'));
    expect(deployments({})).not.toContain('vertexMetrics');
    expect(deployments({ vertexMetrics: true })).toContain('\\"vertexMetrics\\":true');
  });
});
