/** Secrets of a deployed job: in the environment before its module is loaded. */
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { createBundle } from '../../infra/bundle.ts';
import { loadEntry } from '../../infra/entry-module.ts';
import { unusedPackages } from '../../infra/unused-packages.ts';
import type { Deployment } from '../../lib/core/deployment.ts';
import { planHashOf } from '../../lib/graph/plan-hash.ts';
import { structureOf } from '../../lib/graph/structure.ts';
import { type Answer, type ScriptedService, scriptedService } from '../scripted-service.ts';

const run = promisify(execFile);

const ARN = 'arn:aws:secretsmanager:us-east-1:1:secret:key';
const SHOW = `
  const loaded = import(process.argv[1]).then(
    ({ handler }) => ({ handler: typeof handler, key: globalThis.keyAtLoad }),
    ({ message }) => ({ message }),
  );
  console.log(JSON.stringify(await loaded));
`;

let service: ScriptedService | undefined;
afterEach(() => service?.close());

/** Starts the function in a process of its own, with a service that answers so. */
async function start(answer: Answer): Promise<Readonly<Record<string, string>>> {
  service = await scriptedService([answer]);
  const entry = loadEntry('test/infra/jobs/secretive.ts');
  const graph = entry.job.createGraph({});
  const structure = structureOf(graph);
  const unused = unusedPackages(graph, { in: { kind: 'kinesis-source' }, out: { kind: 's3-sink' } });
  const { folder } = createBundle({ entry, structure, path: 'Test/Job', withSecrets: true, unused });
  const deployment: Deployment = {
    ...{ job: 'Test-Job', code: 'code', planHash: planHashOf(graph), settings: {}, streams: {} },
    ...{ logTable: 'log', jobTable: 'jobs', bucket: 'objects' },
    bindings: {
      in: { kind: 'kinesis-source', stream: 'in', arn: '' },
      out: { kind: 's3-sink', bucket: 'results', prefix: '' },
    },
  };
  const env = {
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    ...{ AWS_ENDPOINT_URL: service.endpoint, MILLRACE_SECRETS: JSON.stringify({ API_KEY: ARN }) },
    ...{ MILLRACE_DEPLOYMENT: JSON.stringify(deployment), MILLRACE_VERTEX: 'in' },
  };
  const args = ['--input-type=module', '--eval', SHOW, pathToFileURL(`${folder}/task.mjs`).href];
  // What SHOW prints.
  return JSON.parse((await run(process.execPath, args, { env })).stdout);
}

it('are_read_before_the_module_of_the_job_is_loaded', async () => {
  const started = await start({ status: 200, body: { ARN, Name: 'key', SecretString: 'opens-it' } });
  expect(started).toEqual({ handler: 'function', key: 'opens-it' });
  expect(service?.requests.map(({ body }) => JSON.parse(body))).toEqual([{ SecretId: ARN }]);
});

it('are_texts', async () => {
  const binary = { ARN, Name: 'key', SecretBinary: Buffer.from('opens-it').toString('base64') };
  expect(await start({ status: 200, body: binary })).toEqual({
    message: `Secret ${ARN} for API_KEY is binary: store it as text.`,
  });
});
