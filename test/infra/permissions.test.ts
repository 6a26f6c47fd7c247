import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { ALL_BINDINGS, addBound } from './all-bindings.ts';
import { addCounts, createStack, type JobStack, resourcesOf } from './job-stack.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
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
    own.flatMap(actionsOf).some((action) => ['s3:DeleteObject', 'dynamodb:BatchWriteItem'].includes(action)),
  );
  expect(deleters.map(([id]) => id).filter((id) => id.includes('Task'))).toEqual([]);
  expect(deleters).toHaveLength(4);
});

/** What the function of a vertex may do with a table of the job: actions, with the keys they are bound to. */
function tableGrants(table: 'Log' | 'Jobs' | 'State', vertex: string) {
  const all = statements({ stateBackend: 'table' });
  const [, own = []] = [...all].find(([id]) => id.startsWith(`CountsTask${vertex}`)) ?? [];
  const grants = own.filter(({ Resource }) => JSON.stringify(Resource).includes(`Counts${table}`));
  return Object.fromEntries(
    grants.flatMap((statement) => actionsOf(statement).map((action) => [action, statement.Condition])),
  );
}

/** Keys of partitions, none of which may be missing from a request. */
const only = (operator: string, ...keys: readonly string[]) => ({
  [`ForAllValues:${operator}`]: { 'dynamodb:LeadingKeys': keys },
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

it('a_function_appends_to_the_logs_of_its_own_vertex_and_reads_those_of_its_senders_too', () => {
  expect(tableGrants('Log', 'clicks')).toEqual({
    'dynamodb:GetItem': only('StringLike', '*/clicks/*'),
    'dynamodb:Query': only('StringLike', '*/clicks/*'),
    'dynamodb:PutItem': only('StringLike', '*/clicks/*'),
  });
  expect(tableGrants('Log', 'counts')).toEqual({
    'dynamodb:GetItem': only('StringLike', '*/counts/*', '*/clicks/*'),
    'dynamodb:Query': only('StringLike', '*/counts/*', '*/clicks/*'),
    'dynamodb:PutItem': only('StringLike', '*/counts/*'),
  });
});

it('a_function_reads_and_changes_records_of_its_own_job_only', () => {
  expect(tableGrants('Jobs', 'counts')).toEqual({
    'dynamodb:GetItem': only('StringEquals', 'Test-Counts'),
    'dynamodb:PutItem': only('StringEquals', 'Test-Counts'),
  });
});

it('functions_without_user_code_read_and_change_records_of_their_own_job_only', () => {
  const granted = [...statements()].filter(([id]) => !id.includes('Task'));
  const ofJobs = granted.flatMap(([, own]) =>
    own.filter(({ Resource }) => JSON.stringify(Resource).includes('CountsJobs')),
  );
  expect(ofJobs).toHaveLength(3);
  for (const { Condition } of ofJobs) expect(Condition).toEqual(only('StringEquals', 'Test-Counts'));
});

it('a_function_reads_and_writes_rows_of_keyed_state_and_removes_none', () => {
  // Partition keys of this table are binary.
  expect(tableGrants('State', 'counts')).toStrictEqual({
    'dynamodb:Query': undefined,
    'dynamodb:PutItem': undefined,
  });
});

it('no_function_may_do_with_a_table_of_the_job_what_none_of_them_does', () => {
  const actions = [...statements({ stateBackend: 'table' }).values()].flat().flatMap(actionsOf);
  const ofTables = new Set(actions.filter((action) => action.startsWith('dynamodb:')));
  expect([...ofTables].toSorted()).toEqual(
    ['BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'Scan'].map((name) => `dynamodb:${name}`),
  );
});
