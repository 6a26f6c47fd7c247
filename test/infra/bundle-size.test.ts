/** What a job with each format and each kind of binding brings to Lambda. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { type Bundle, createBundle } from '../../infra/bundle.ts';
import { loadEntry } from '../../infra/entry-module.ts';
import { unusedPackages } from '../../infra/unused-packages.ts';
import type { Deployment } from '../../lib/core/deployment.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { createJobGraph } from '../../lib/graph/job-graph.ts';
import { planHashOf } from '../../lib/graph/plan-hash.ts';
import { structureOf } from '../../lib/graph/structure.ts';

const BINDINGS: Deployment['bindings'] = {
  objects: { kind: 's3-source', bucket: 'objects', prefix: 'in/', watch: true },
  stream: { kind: 'kinesis-source', stream: 'stream', arn: '' },
  changes: { kind: 'dynamodb-source', arn: '' },
  lines: { kind: 's3-source', bucket: 'objects', prefix: 'lines/', watch: false },
  parts: { kind: 's3-sink', bucket: 'results', prefix: 'parts/' },
  records: { kind: 'kinesis-sink', stream: 'records' },
  messages: { kind: 'sqs-sink', queueUrl: 'https://localhost/queue' },
  items: { kind: 'dynamodb-sink', table: 'items', partitionKey: 'user' },
};

/** Loads files of a bundle and answers what each exports. */
const LOAD = `
  const [folder, ...files] = process.argv.slice(1);
  const loaded = {};
  for (const file of files) loaded[file] = Object.keys(await import(new URL(file, folder)));
  console.log(JSON.stringify(loaded));
`;

interface Deployed {
  readonly bundle: Bundle;
  /** What a process of its own finds in files of the bundle. */
  readonly load: (files: readonly string[]) => Readonly<Record<string, readonly string[]>>;
}

function deploy(entryFile: string, bindings: Deployment['bindings']): Deployed {
  const entry = loadEntry(entryFile);
  const settings = { parallelism: 2 };
  const graph = entry.job.createGraph(settings);
  const { vertices } = createJobGraph(graph);
  const structure = structureOf(graph);
  const unused = unusedPackages(graph, bindings);
  const bundle = createBundle({ entry, structure, path: 'Test/Job', withSecrets: false, unused });
  const deployment: Deployment = {
    ...{ job: 'Test-Job', code: 'code', planHash: planHashOf(graph), settings, bindings },
    ...{ logTable: 'log', jobTable: 'jobs', stateTable: 'state', bucket: 'objects' },
    streams: Object.fromEntries(vertices.map(({ id }) => [id, { name: id, shards: 2 }])),
  };
  const env = {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    ...{ MILLRACE_DEPLOYMENT: JSON.stringify(deployment), MILLRACE_VERTEX: vertices.at(-1)?.id },
  };
  const load = (files: readonly string[]) => {
    const folder = pathToFileURL(`${bundle.folder}/`).href;
    const args = ['--input-type=module', '--eval', LOAD, folder, ...files];
    // What LOAD prints.
    return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
  };
  return { bundle, load };
}

let everything: Deployed;
beforeAll(() => {
  everything = deploy('test/infra/jobs/everything.ts', BINDINGS);
});

it('a_job_with_all_formats_and_bindings_is_below_the_limit', () => {
  const { bundle } = everything;
  expect(bundle.frameworkBytes).toBeLessThan(LIMITS.bundleBytesMax);
  const inputs = bundle.inputs.join('\n');
  for (const name of ['hyparquet', 'hyparquet-writer', 'csv-parse', 'csv-stringify', 'aws-kinesis-agg']) {
    expect(inputs).toContain(`/node_modules/${name}/`);
  }
  for (const name of ['sqs', 'kinesis', 'dynamodb', 'dynamodb-streams', 's3', 'lambda']) {
    expect(inputs).toContain(`/@aws-sdk/client-${name}/`);
  }
});

it('each_file_of_such_a_bundle_loads', () => {
  const { bundle, load } = everything;
  expect(load(['task.mjs'])).toEqual({ 'task.mjs': ['handler'] });
  // Those too that a function loads only when it needs them.
  const files = readdirSync(bundle.folder).filter((name) => name.endsWith('.mjs'));
  expect(Object.keys(load(files))).toEqual(files);
});

it('a_bundle_has_no_credentials_but_those_of_a_function_and_nothing_for_browsers', () => {
  const { inputs } = everything.bundle;
  expect(inputs.filter((input) => /lambda.function-credentials/.test(input))).toHaveLength(1);
  const others = /nested-clients|token-providers|bowser|credential-provider-(?!env|http)/;
  expect(inputs.filter((input) => others.test(input))).toEqual([]);
});

it('packages_that_only_the_user_imports_are_in_the_bundle', () => {
  const { bundle, load } = deploy('test/infra/jobs/direct.ts', {
    in: { kind: 'kinesis-source', stream: 'in', arn: '' },
    out: { kind: 's3-sink', bucket: 'results', prefix: 'out/' },
  });
  expect(load(['task.mjs'])).toEqual({ 'task.mjs': ['handler'] });
  expect(bundle.inputs.join()).toMatch(/csv-parse/);
  expect(bundle.inputs.join()).not.toMatch(/hyparquet|client-sqs|bowser/);
});
