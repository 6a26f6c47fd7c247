import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { ALL_BINDINGS, addBound } from './all-bindings.ts';
import { addCounts, createStack, type JobStack, resourcesOf } from './job-stack.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Statements of all policies of a job by the logical id of the policy. */
function statements(props: Parameters<typeof addCounts>[1] = {}): ReadonlyMap<string, readonly Statement[]> {
  const parts = createStack();
  addCounts(parts, props);
  return statementsIn(parts);
}

function statementsIn(parts: JobStack): ReadonlyMap<string, readonly Statement[]> {
  const policies = resourcesOf(Template.fromStack(parts.stack), 'AWS::IAM::Policy');
  return new Map(
    policies.map(({ id, Properties }) => {
      // CloudFormation's form of a policy.
      const document = Properties.PolicyDocument as { readonly Statement: readonly Statement[] };
      return [id, document.Statement];
    }),
  );
}

const actionsOf = ({ Action }: Statement) => (typeof Action === 'string' ? [Action] : Action);

const DATA = /^(dynamodb|kinesis|s3|sqs|lambda|states|secretsmanager|kms):/;

it('no_data_action_has_a_wildcard_as_its_resource', () => {
  const found = [...statements({ stateBackend: 'table' }).values()].flat();
  const data = found.filter((statement) => actionsOf(statement).some((action) => DATA.test(action)));
  expect(data.length).toBeGreaterThan(20);
  for (const { Resource } of data) expect([Resource].flat()).not.toContain('*');
});

it.each(Object.keys(ALL_BINDINGS))('nor_has_one_of_a_job_that_is_bound_to_%s', (name) => {
  const parts = createStack();
  addBound(parts, name);
  const found = [...statementsIn(parts).values()].flat();
  const data = found.filter((statement) => actionsOf(statement).some((action) => DATA.test(action)));
  for (const { Resource } of data) {
    const resources = [Resource].flat().map((resource) => JSON.stringify(resource));
    expect(resources).not.toContain('"*"');
    expect(resources.filter((resource) => resource.includes('/index/*'))).toEqual([]);
  }
});

it('no_action_is_a_wildcard', () => {
  const actions = [...statements().values()].flat().flatMap(actionsOf);
  const wild = actions.filter((action) => action.includes('*'));
  expect(wild).toEqual([]);
});

it('a_function_reads_its_own_stream_and_sends_to_the_streams_of_its_targets_only', () => {
  const all = statements();
  const of = (vertex: string, pattern: RegExp) => {
    const [, own = []] = [...all].find(([id]) => id.startsWith(`CountsTask${vertex}`)) ?? [];
    const matching = own.filter((statement) => actionsOf(statement).some((action) => pattern.test(action)));
    return JSON.stringify(matching.map(({ Resource }) => Resource));
  };
  expect(of('clicks', /^kinesis:GetRecords$/)).toMatch(/"Input/);
  expect(of('clicks', /^kinesis:GetRecords$/)).not.toMatch(/CountsStream/);
  expect(of('clicks', /^kinesis:PutRecords$/)).toMatch(/CountsStream/);
  expect(of('counts', /^kinesis:GetRecords$/)).toMatch(/CountsStream/);
  expect(of('counts', /^kinesis:PutRecords$/)).toBe('[]');
});

it('only_the_vertex_of_a_sink_writes_to_its_target_and_below_its_prefix', () => {
  const writers = [...statements()].filter(([, own]) =>
    own.some(
      (statement) =>
        actionsOf(statement).includes('s3:PutObject') &&
        JSON.stringify(statement.Resource).includes('Output'),
    ),
  );
  expect(writers.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
    'CountsTaskcountsRoleDefaultPolicy',
  ]);
  expect(JSON.stringify(writers)).toContain('/Counts/*');
});

it('only_functions_without_user_code_delete_objects_and_logs', () => {
  const deleters = [...statements()].filter(([, own]) =>
    own.flatMap(actionsOf).some((action) => ['s3:DeleteObject', 'dynamodb:DeleteItem'].includes(action)),
  );
  expect(deleters.map(([id]) => id).filter((id) => id.includes('Task'))).toEqual([]);
  expect(deleters).toHaveLength(4);
});

it('a_function_appends_to_the_logs_of_its_own_vertex_only', () => {
  const [, own = []] = [...statements()].find(([id]) => id.startsWith('CountsTaskcounts')) ?? [];
  const appends = own.filter(
    (statement) =>
      actionsOf(statement).includes('dynamodb:PutItem') && JSON.stringify(statement).includes('CountsLog'),
  );
  expect(appends).toEqual([
    expect.objectContaining({
      Condition: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*/counts/*'] },
        Null: { 'dynamodb:LeadingKeys': 'false' },
      },
    }),
  ]);
});
