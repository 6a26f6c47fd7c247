/** The package as a project that `cdk init` makes uses it: CommonJS, TypeScript run by tsx. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const TOOLS = join(ROOT, 'node_modules', '.bin');
const JOB = `import { defineJob, FileSink, FileSource, WatermarkStrategy } from 'millrace';

export default defineJob('copy', (env) => {
  env
    .fromSource(FileSource.ndjson<{ n: number }>('in.ndjson'), WatermarkStrategy.noWatermarks(), 'numbers')
    .sinkTo(FileSink.ndjson('out'))
    .uid('copies');
});
`;
const STACK = `import * as cdk from 'aws-cdk-lib/core';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Sinks, Sources, StreamJob } from 'millrace/cdk';

const app = new cdk.App({ outdir: 'cdk.out' });
const stack = new cdk.Stack(app, 'Stock');
const stream = new Stream(stack, 'Numbers');
new StreamJob(stack, 'Copy', {
  entry: 'jobs/copy.ts',
  bindings: { numbers: Sources.kinesis(stream), copies: Sinks.kinesis(new Stream(stack, 'Copies')) },
});
app.synth();
`;

const folder = mkdtempSync(join(tmpdir(), 'millrace-stock-'));
const project = join(folder, 'stock');
const environment = { ...process.env, NODE_OPTIONS: '', CDK_DISABLE_CLI_TELEMETRY: 'true' };

function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(join(TOOLS, command), args, {
    cwd: project,
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** The package as it is published, with the dependencies of the checkout. */
function installPackage(target: string): void {
  mkdirSync(target, { recursive: true });
  const compiler = join(TOOLS, 'tsc');
  const options = ['-p', 'tsconfig.build.json', '--outDir', join(target, 'dist')];
  execFileSync(compiler, options, { cwd: ROOT, encoding: 'utf8' });
  cpSync(join(ROOT, 'package.json'), join(target, 'package.json'));
}

beforeAll(() => {
  mkdirSync(project);
  run('cdk', 'init', 'app', '--language', 'typescript', '--generate-only');
  // Its test needs jest, which nobody has installed.
  rmSync(join(project, 'test'), { recursive: true });
  // Packages come from the checkout: nothing is downloaded.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  installPackage(join(project, 'node_modules', 'millrace'));
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(project, 'node_modules', '@types'));
  mkdirSync(join(project, 'jobs'));
  writeFileSync(join(project, 'jobs', 'copy.ts'), JOB);
  writeFileSync(join(project, 'bin', 'stock.ts'), STACK);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a_stock_cdk_project_checks_and_synthesises_a_job', () => {
  expect(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))).not.toHaveProperty(
    'type',
    'module',
  );
  run('tsc', '-p', '.', '--types', 'node');
  run('tsx', 'bin/stock.ts');
  const template = JSON.parse(readFileSync(join(project, 'cdk.out', 'Stock.template.json'), 'utf8'));
  expect(JSON.stringify(template)).toContain('Custom::MillraceRun');
});
