import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { expect, it } from 'vitest';
import { addCounts, countsTemplate, createStack, resourcesOf } from './job-stack.ts';

const template = countsTemplate();
const isOfRetry = ({ id }: { readonly id: string }) => id.startsWith('CountsDeadLetterRetry');

it('a_function_feeds_dead_letters_again_and_the_stack_names_it', () => {
  const [fn] = resourcesOf(template, 'AWS::Lambda::Function').filter(isOfRetry);
  expect(fn?.Properties).toMatchObject({ Handler: 'dead-letter-retry.handler', Timeout: 900 });
  const outputs = Object.entries(template.toJSON().Outputs);
  const [, output] = outputs.find(([id]) => id.startsWith('CountsDeadLetterRetryName')) ?? [];
  expect(output).toMatchObject({ Value: { Ref: fn?.id } });
  // People call it: nothing else does.
  expect(JSON.stringify(resourcesOf(template, 'AWS::Scheduler::Schedule'))).not.toContain(fn?.id);
});

it('it_may_send_to_the_streams_of_sources_and_touch_dead_letters_only', () => {
  const [policy] = resourcesOf(template, 'AWS::IAM::Policy').filter(isOfRetry);
  const text = JSON.stringify(policy?.Properties.PolicyDocument);
  const actions = [...text.matchAll(/"((?:kinesis|s3|dynamodb|sqs|lambda|kms):[^"]+)"/g)].map(
    ([, name]) => name,
  );
  const granted = ['kinesis:PutRecords', 's3:GetObject', 's3:DeleteObject', 's3:ListBucket', 's3:prefix'];
  expect(new Set(actions)).toEqual(new Set(granted));
  expect(text).toContain('/dead-letters/*');
  expect(text).toMatch(/"kinesis:PutRecords","Effect":"Allow","Resource":\{"Fn::GetAtt":\["Input/);
});

it('the_mappings_never_give_up_so_no_batch_is_left_to_retry', () => {
  for (const { Properties } of resourcesOf(template, 'AWS::Lambda::EventSourceMapping')) {
    expect(Properties).toMatchObject({ MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1 });
  }
});

it('it_may_use_the_key_of_the_job', () => {
  const parts = createStack();
  addCounts(parts, { encryptionKey: new Key(parts.stack, 'Key') });
  const policies = resourcesOf(Template.fromStack(parts.stack), 'AWS::IAM::Policy').filter(isOfRetry);
  expect(JSON.stringify(policies)).toContain('kms:Decrypt');
});

it('the_sweeper_may_look_at_the_mappings_of_the_job_and_switch_them', () => {
  const policies = resourcesOf(template, 'AWS::IAM::Policy');
  const sweeper = JSON.stringify(policies.filter(({ id }) => id.startsWith('CountsSweeper')));
  expect(sweeper).toMatch(/lambda:GetEventSourceMapping","lambda:UpdateEventSourceMapping/);
  expect(sweeper).toMatch(/:event-source-mapping:",\{"Ref":"CountsMapping/);
});
