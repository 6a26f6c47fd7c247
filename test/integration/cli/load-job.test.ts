import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliProject, jobModule, ROOT } from './cli-project.ts';

const TYPES: readonly (readonly [label: string, manifest: string | undefined])[] = [
  ['no package.json', undefined],
  ['a package.json without type', '{"name":"p"}'],
  ['type commonjs', '{"name":"p","type":"commonjs"}'],
  ['type module', '{"name":"p","type":"module"}'],
];

describe('a job module', () => {
  it.each(TYPES)('is an ES module of TypeScript with %s', async (_, manifest) => {
    const project = new CliProject({
      'job.ts': `import { doubled } from './lib/doubled';
import type { Shape } from './shape';
import { label } from './label.js';
import { plain } from './plain.js';
const shape: Shape = { factor: 2 };
import { defineJob, FileSink } from 'millrace';
await Promise.resolve();
export default defineJob('numbers', (env) => {
  const rows = env.fromData([1, 2, 3]).map((n) => ({ n: doubled(n, shape), label, plain }));
  rows.sinkTo(FileSink.ndjson('out')).uid('out');
});`,
      'lib/doubled/index.ts': `import type { Shape } from '../../shape';
export function doubled(n: number, shape: Shape): number { return n * shape.factor; }`,
      'shape.ts': 'export interface Shape { readonly factor: number }',
      'label.ts': "export const label: string = 'x';",
      'plain.js': "export const plain = import.meta.url.startsWith('file:');",
      ...(manifest === undefined ? {} : { 'package.json': manifest }),
    });

    const { exitCode, stderr } = await project.millrace('run', 'job.ts');

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(project.rows('out')).toEqual([2, 4, 6].map((n) => ({ n, label: 'x', plain: true })));
  });

  it('may import CommonJS files and packages of its project', async () => {
    const project = new CliProject({
      'package.json': '{"name":"p","type":"commonjs"}',
      'job.ts': `import factor from './factor.js'; import { base } from 'dep';
${jobModule('env.fromData([base]).map((n: number) => n * factor)')}`,
      'factor.js': 'module.exports = 10;',
      'node_modules/dep/package.json': '{"name":"dep","version":"1.0.0","main":"./index.js"}',
      'node_modules/dep/index.js': 'exports.base = 4;',
    });

    expect(await project.millrace('run', 'job.ts')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(project.rows('out')).toEqual([40]);
  });

  it('sees one copy of millrace, the one that runs, from every importer', async () => {
    const project = new CliProject({
      'package.json': '{"name":"p"}',
      'node_modules/millrace/package.json': '{"name":"millrace","version":"9.9.9","main":"./index.js"}',
      'node_modules/millrace/index.js': "throw new Error('another copy was loaded');",
      'node_modules/dep/package.json':
        '{"name":"dep","version":"1.0.0","type":"module","exports":"./index.js"}',
      'node_modules/dep/index.js': "export { OutputTag } from 'millrace';",
      'node_modules/old/package.json': '{"name":"old","version":"1.0.0","main":"./index.js"}',
      'node_modules/old/index.js': "exports.OutputTag = require('millrace').OutputTag;",
      'job.ts': `import { OutputTag } from 'millrace';
import { OutputTag as second } from 'dep';
import old from 'old';
import * as testing from 'millrace/testing';
if (OutputTag !== second || OutputTag !== old.OutputTag) throw new Error('two copies');
if (testing === undefined) throw new Error('no harness');
${jobModule()}`,
    });

    expect(await project.millrace('run', 'job.ts')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('sees one copy of millrace when the package is linked into node_modules', async () => {
    const project = new CliProject({
      'job.ts': `import { OutputTag } from 'millrace'; import { OutputTag as second } from 'dep';
if (OutputTag !== second) throw new Error('two copies');
${jobModule()}`,
      'node_modules/dep/package.json':
        '{"name":"dep","version":"1.0.0","type":"module","exports":"./index.js"}',
      'node_modules/dep/index.js': "export { OutputTag } from 'millrace';",
    });
    mkdirSync(join(project.folder, 'node_modules', '.bin'));
    symlinkSync(ROOT, join(project.folder, 'node_modules', 'millrace'));
    symlinkSync('../millrace/bin/millrace.js', join(project.folder, 'node_modules', '.bin', 'millrace'));

    const { finished } = project.start(process.execPath, ['node_modules/.bin/millrace', 'run', 'job.ts']);

    expect(await finished).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('may be named without its extension', async () => {
    const project = new CliProject({ 'jobs/numbers.ts': jobModule() });

    expect(await project.millrace('run', 'jobs/numbers')).toMatchObject({ exitCode: 0 });
  });
});

interface Refusal {
  readonly label: string;
  readonly files: Readonly<Record<string, string>>;
  readonly says: readonly string[];
}

const REFUSALS: readonly Refusal[] = [
  {
    label: 'an enum',
    files: {
      'job.ts': `import './colour.ts';\n${jobModule()}`,
      'colour.ts': '\n\nexport enum Colour { Red }\n',
    },
    says: ['JOB_MODULE_INVALID', 'colour.ts:3:8 has an enum', 'as const', 'erasableSyntaxOnly'],
  },
  {
    label: 'a namespace',
    files: { 'job.ts': `namespace N { export const a = 1; }\n${jobModule()}` },
    says: ['job.ts:1:1 has a namespace', 'a file of its own'],
  },
  {
    label: 'a parameter property',
    files: { 'job.ts': `class A { constructor(private n: number) {} }\n${jobModule()}` },
    says: ['job.ts:1:31 has a parameter property', 'assign it in the constructor'],
  },
  {
    label: 'an interface imported without type',
    files: {
      'job.ts': `import { Shape } from './shape';\nconst a: Shape = {};\n${jobModule()}`,
      'shape.ts': 'export interface Shape {}\nexport const other = 1;',
    },
    says: ['job.ts:1:10', "'Shape'", 'an interface or a type', "`import type { Shape } from './shape'`"],
  },
  {
    label: 'an interface exported again without type',
    files: {
      'job.ts': `import type { Shape } from './all';\nimport './all';\n${jobModule()}`,
      'all.ts': "export { Shape } from './shape';",
      'shape.ts': 'export interface Shape {}',
    },
    says: ['all.ts:1:10', "`export type { Shape } from './shape'`"],
  },
  {
    label: 'a type of millrace imported without type',
    files: { 'job.ts': `import { DataStream } from 'millrace';\n${jobModule()}` },
    says: ["'DataStream'", "`import type { DataStream } from 'millrace'`"],
  },
  {
    label: 'a misspelled import',
    files: { 'job.ts': `import { FileSinc } from 'millrace';\n${jobModule()}` },
    says: ["'FileSinc'", "Did you mean 'FileSink'?"],
  },
  {
    label: 'a missing default export',
    files: { 'job.ts': 'export const a = 1;' },
    says: ['job.ts has no default export', 'export default defineJob(', 'env.execute()', '`node job.ts`'],
  },
  {
    label: 'a job that is not the default export',
    files: { 'job.ts': jobModule().replace('export default', 'export const numbers =') },
    says: ["exports its job as 'numbers'", '`export default numbers;`'],
  },
  {
    label: 'a default export that is no job',
    files: { 'job.ts': 'export default function build() {}' },
    says: ['the function build, not a job', 'defineJob('],
  },
  {
    label: 'a package that is not installed',
    files: { 'job.ts': `import '@acme/widgets/deep';\n${jobModule()}` },
    says: ["job.ts imports '@acme/widgets'", '`npm install @acme/widgets`'],
  },
  {
    label: 'a file that does not exist',
    files: { 'job.ts': `import './halper';\n${jobModule()}`, 'helper.ts': '' },
    says: ['job.ts imports halper', "Did you mean 'helper.ts'?"],
  },
  {
    label: 'a module that throws',
    files: {
      'job.ts': "import './boom';",
      'boom.ts': "const a: number = 1;\nthrow new TypeError('boom ' + a);",
    },
    says: ['boom.ts:2:7 threw while the job was loaded: TypeError: boom 1'],
  },
  {
    label: 'a syntax error of TypeScript',
    files: { 'job.ts': 'const a: = 1;' },
    says: ['job.ts:1:', 'does not compile'],
  },
  {
    label: 'a syntax error of JavaScript',
    files: { 'job.ts': "import './twice';", 'twice.ts': 'const a = 1;\nconst a = 2;\nexport {};' },
    says: ['twice.ts does not compile', "'a' has already been declared"],
  },
  {
    label: 'CommonJS',
    files: {
      'job.ts': "const { defineJob } = require('millrace');\nmodule.exports = defineJob('a', () => {});",
    },
    says: ["job.ts:1:23 uses 'require' of CommonJS", '`import … from …`'],
  },
];

describe('a job that cannot be loaded', () => {
  it.each(REFUSALS)('because of $label is refused with the fix', async ({ files, says }) => {
    const project = new CliProject({ 'package.json': '{"name":"p"}', ...files });

    const { exitCode, stdout, stderr } = await project.millrace('plan', 'job.ts');

    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    for (const text of ['error JOB_MODULE_INVALID', ...says]) expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  });

  it('because there is no such file is told the folder and a similar name', async () => {
    const project = new CliProject({ 'jobs/numbers.ts': jobModule() });

    const { exitCode, stderr } = await project.millrace('run', 'jobs/nunbers.ts');

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`error JOB_NOT_FOUND: There is no file jobs/nunbers.ts in ${project.folder}`);
    expect(stderr).toContain('Did you mean jobs/numbers.ts?');
  });

  it('because a folder was named is told the modules in it', async () => {
    const project = new CliProject({ 'jobs/numbers.ts': jobModule() });

    const { exitCode, stderr } = await project.millrace('run', 'jobs');

    expect(exitCode).toBe(1);
    expect(stderr).toContain('jobs is a folder, not a job');
    expect(stderr).toContain('numbers.ts');
  });

  it('shows the stack with --verbose and with MILLRACE_DEBUG', async () => {
    const project = new CliProject({ 'job.ts': "throw new Error('boom');" });

    const verbose = await project.millrace('plan', 'job.ts', '--verbose');
    const bin = join(ROOT, 'bin', 'millrace.js');
    const debug = await project.start(process.execPath, [bin, 'plan', 'job.ts'], { MILLRACE_DEBUG: '1' })
      .finished;

    for (const { exitCode, stderr } of [verbose, debug]) {
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/at .*job\.ts:1:7/);
    }
  });
});
