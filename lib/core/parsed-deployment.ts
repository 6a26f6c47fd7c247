/** Reads what synthesis has written for a function, and says what is wrong with it. */
import type { BindingData, Deployment } from './deployment.ts';
import { InvariantError, messageOf } from './errors.ts';

type FieldType = 'text' | 'number' | 'flag';
type Fields = Readonly<Record<string, FieldType>>;
/** A value and where it stands, for example `streams.count.shards`. */
type Check = (value: unknown, path: string) => void;

/** What each kind of binding has, and what it may have. */
const BINDINGS: Readonly<Record<BindingData['kind'], { readonly has: Fields; readonly may?: Fields }>> = {
  'kinesis-source': { has: { stream: 'text', arn: 'text' } },
  's3-source': { has: { bucket: 'text', prefix: 'text', watch: 'flag' } },
  'dynamodb-source': { has: { arn: 'text' } },
  'kinesis-sink': { has: { stream: 'text' }, may: { partitionKey: 'text' } },
  's3-sink': { has: { bucket: 'text', prefix: 'text' } },
  'dynamodb-sink': { has: { table: 'text', partitionKey: 'text' }, may: { sortKey: 'text' } },
  'sqs-sink': { has: { queueUrl: 'text' } },
};

const TYPES: Readonly<Record<FieldType, { readonly name: string; readonly type: string }>> = {
  text: { name: 'text', type: 'string' },
  number: { name: 'a number', type: 'number' },
  flag: { name: 'true or false', type: 'boolean' },
};

/** The deployment in `text`. Throws InvariantError for what StreamJob does not write. */
export function parseDeployment(text: string): Deployment {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid('', `is no JSON: ${messageOf(error)}`);
  }
  checkDeployment(value);
  return value;
}

function checkDeployment(value: unknown): asserts value is Deployment {
  checkFields(value, '', {
    has: {
      ...{ job: 'text', code: 'text', planHash: 'text' },
      ...{ logTable: 'text', jobTable: 'text', bucket: 'text' },
    },
    may: { stateTable: 'text', vertexMetrics: 'flag' },
  });
  const { settings, streams, functions, checkpoints, bindings } = value;
  checkFields(settings, 'settings', {
    has: {},
    may: { parallelism: 'number', maxParallelism: 'number', stateBackend: 'text' },
  });
  const { stateBackend = 'heap' } = settings;
  if (stateBackend !== 'heap' && stateBackend !== 'table') {
    throw invalid('settings.stateBackend', `is '${stateBackend}', neither 'heap' nor 'table'`);
  }
  checkMembers(streams, 'streams', (stream, path) => {
    checkFields(stream, path, { has: { name: 'text', shards: 'number' } });
  });
  if (functions !== undefined) {
    checkMembers(functions, 'functions', (name, path) => checkField(name, path, 'text'));
  }
  if (checkpoints !== undefined) {
    checkFields(checkpoints, 'checkpoints', {
      has: {},
      may: { timeoutMs: 'number', minPauseMs: 'number', retained: 'number' },
    });
  }
  checkMembers(bindings, 'bindings', checkBinding);
}

function checkBinding(value: unknown, path: string): void {
  checkFields(value, path, { has: { kind: 'text' } });
  const kind = String(value.kind);
  const fields = Object.entries(BINDINGS).find(([name]) => name === kind)?.[1];
  if (fields === undefined) throw invalid(`${path}.kind`, `is '${kind}', which no connector is`);
  checkFields(value, path, fields);
}

function checkFields(
  value: unknown,
  path: string,
  { has, may = {} }: { readonly has: Fields; readonly may?: Fields },
): asserts value is Readonly<Record<string, unknown>> {
  checkObject(value, path);
  for (const [name, type] of Object.entries(has)) checkField(value[name], join(path, name), type);
  for (const [name, type] of Object.entries(may)) {
    if (value[name] !== undefined) checkField(value[name], join(path, name), type);
  }
}

function checkMembers(value: unknown, path: string, check: Check): void {
  checkObject(value, path);
  for (const [name, member] of Object.entries(value)) check(member, join(path, name));
}

function checkObject(value: unknown, path: string): asserts value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, 'is no object');
  }
}

function checkField(value: unknown, path: string, type: FieldType): void {
  if (value === undefined) throw invalid(path, 'is missing');
  if (typeof value !== TYPES[type].type) throw invalid(path, `is not ${TYPES[type].name}`);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function invalid(path: string, problem: string): InvariantError {
  const place = path === '' ? 'It' : `'${path}'`;
  return new InvariantError(
    'INVARIANT',
    `MILLRACE_DEPLOYMENT is not what StreamJob writes: ${place} ${problem}. Deploy the job again.`,
  );
}
