/**
 * The code of a deployed job: one folder, one asset.
 *
 * 1. The user's module is an input of `task.mjs` only; what all functions share is in chunks.
 * 2. The embedded runner is left out: nothing in a function executes a whole job.
 * 3. The same inputs give the same bytes: the hash of a bundle changes only with its code.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync, type Metafile } from 'esbuild';
import { messageOf, UserError } from '../lib/core/errors.ts';
import { LIMITS } from '../lib/core/limits.ts';
import type { GraphStructure } from '../lib/graph/structure.ts';
import type { EntryModule } from './entry-module.ts';

/** A folder of code for Lambda. */
export interface Bundle {
  readonly folder: string;
  /** Of every file in it. */
  readonly hash: string;
  readonly frameworkBytes: number;
  /** Of the user's module and of what only it imports. */
  readonly userBytes: number;
  /** Absolute paths of the files that are in it. */
  readonly inputs: readonly string[];
}

export interface BundleOptions {
  readonly entry: EntryModule;
  /** Written beside the code, so that a function can say which operator differs. */
  readonly structure: GraphStructure;
  /** Construct path, for errors. */
  readonly path: string;
  /** Some environment variables hold secrets: the job is loaded after them. */
  readonly withSecrets: boolean;
  /** Packages that the job never loads. */
  readonly unused: readonly string[];
}

/** Functions without user code, by the name of their file. */
const SERVICES = ['coordinator', 'sweeper', 'run-resource', 'start-time', 'dead-letter-retry'] as const;

/** What bundled CommonJS packages expect to find. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module';" +
  'const require = __createRequire(import.meta.url);';

/**
 * The engine that `job.execute` loads, as lib/api names it: a path that is left as it stands, so that where
 * the package lies does not show in the bundle.
 */
const NOT_BUNDLED = ['../local/executor.ts', '../local/executor.js'];

/** What packages import for browsers only: whoever gets there all the same gets ERR_MODULE_NOT_FOUND. */
const NEVER_LOADED = ['bowser'];

/** Bundles a job. Throws UserError BUNDLE_INVALID if it does not compile or is too large. */
export function createBundle(options: BundleOptions): Bundle {
  const { entry, path, unused } = options;
  const staging = createStaging();
  const folder = join(staging, 'asset');
  const task = join(staging, 'task.mjs');
  writeFileSync(task, taskEntry(options));
  const metafile = buildWithout({ entry, path, task, folder, unused: [...NEVER_LOADED, ...unused] });
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(options.structure));
  const sizes = sizesOf(metafile, entry.file);
  checkFrameworkBytes(sizes.frameworkBytes, path);
  return { folder, hash: hashOf(folder, metafile), ...sizes, inputs: inputsOf(metafile, entry.file) };
}

/** Some of `unused` may be what the user's own code imports: that is in the bundle. */
function buildWithout(options: BuildOptions): Metafile {
  const { entry, folder, unused } = options;
  const metafile = build(options);
  const imported = importsOfUser(metafile, entry.file);
  const needed = unused.filter((name) => imported.some((path) => `${path}/`.startsWith(`${name}/`)));
  if (needed.length === 0) return metafile;
  // Chunks are named by what is in them: those of the first build would stay.
  rmSync(folder, { recursive: true });
  return build({ ...options, unused: unused.filter((name) => !needed.includes(name)) });
}

/** Throws UserError BUNDLE_INVALID if the part of a bundle that is not the user's is too large. */
export function checkFrameworkBytes(bytes: number, path: string): void {
  if (bytes <= LIMITS.bundleBytesMax) return;
  throw invalid(
    path,
    `Without the job and its dependencies the bundle has ${bytes} bytes, ` +
      `more than ${LIMITS.bundleBytesMax}: install Millrace again.`,
  );
}

// Assets are copied when they are made: what they were copied from ends with the process.
let stagingRoot: string | undefined;

function createStaging(): string {
  if (stagingRoot === undefined) {
    const root = mkdtempSync(join(tmpdir(), 'millrace-bundle-'));
    process.once('exit', () => rmSync(root, { recursive: true, force: true }));
    stagingRoot = root;
  }
  return mkdtempSync(join(stagingRoot, 'job-'));
}

function taskEntry({ entry, withSecrets }: BundleOptions): string {
  const handler = JSON.stringify(ownModule('functions/task'));
  const job = JSON.stringify(entry.file);
  if (!withSecrets) {
    return (
      `import job from ${job};\nimport { createTaskHandler } from ${handler};\n` +
      'export const handler = createTaskHandler(job);\n'
    );
  }
  const secrets = JSON.stringify(ownModule('functions/secrets'));
  return (
    `import { loadSecrets } from ${secrets};\nimport { createTaskHandler } from ${handler};\n` +
    `await loadSecrets();\nconst { default: job } = await import(${job});\n` +
    'export const handler = createTaskHandler(job);\n'
  );
}

interface BuildOptions extends Pick<BundleOptions, 'entry' | 'path' | 'unused'> {
  /** File. */
  readonly task: string;
  /** For the outputs. */
  readonly folder: string;
}

function build({ entry, path, task, folder, unused }: BuildOptions): Metafile {
  const services = SERVICES.map((name) => ownModule(`functions/${name}`));
  const { copy } = entry;
  try {
    return buildSync({
      entryPoints: [task, ...services],
      entryNames: '[name]',
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      minify: true,
      keepNames: true,
      legalComments: 'none',
      outExtension: { '.js': '.mjs' },
      banner: { js: BANNER },
      // A package that ships both is smaller and tree-shaken as ES modules.
      mainFields: ['module', 'main'],
      conditions: ['module', ...(import.meta.url.endsWith('.ts') ? ['millrace-source'] : [])],
      alias: {
        ...Object.fromEntries([...copy.entries].map(([name, url]) => [name, fileURLToPath(url)])),
        '@aws-sdk/credential-provider-node': ownModule('lib/adapters/lambda/function-credentials'),
      },
      external: [...NOT_BUNDLED, ...unused],
      absWorkingDir: dirname(entry.file),
      metafile: true,
      logLevel: 'silent',
    }).metafile;
  } catch (error) {
    throw invalid(path, `The job does not bundle: ${messageOf(error)}`, error);
  }
}

/** Folder that holds lib, functions and infra of this copy: the checkout, or dist of the package. */
const OWN_ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** Absolute path of a module of this copy. */
function ownModule(name: string): string {
  return join(OWN_ROOT, name + (import.meta.url.endsWith('.ts') ? '.ts' : '.js'));
}

/**
 * Bytes in the outputs that come from the framework's files and the packages they import, and from all
 * others: what only the user's module imports.
 */
function sizesOf(metafile: Metafile, jobFile: string): { frameworkBytes: number; userBytes: number } {
  const own = ownInputs(metafile, jobFile);
  let userBytes = 0;
  let totalBytes = 0;
  for (const output of Object.values(metafile.outputs)) {
    totalBytes += output.bytes;
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      if (!own.has(input)) userBytes += bytesInOutput;
    }
  }
  return { frameworkBytes: totalBytes - userBytes, userBytes };
}

/** The framework's files and all that they import, as `metafile` names them. */
function ownInputs(metafile: Metafile, jobFile: string): ReadonlySet<string> {
  const cwd = dirname(jobFile);
  const own = new Set<string>();
  const pending = Object.keys(metafile.inputs).filter((input) => isOwnFile(resolve(cwd, input)));
  for (let input = pending.pop(); input !== undefined; input = pending.pop()) {
    if (own.has(input)) continue;
    own.add(input);
    for (const { path, external } of metafile.inputs[input]?.imports ?? []) {
      if (external !== true) pending.push(path);
    }
  }
  return own;
}

/** What the user's module, and what only it imports, expects to find outside of the bundle. */
function importsOfUser(metafile: Metafile, jobFile: string): readonly string[] {
  const own = ownInputs(metafile, jobFile);
  const others = Object.entries(metafile.inputs).filter(([input]) => !own.has(input));
  return others.flatMap(([, { imports }]) =>
    imports.filter(({ external }) => external === true).map(({ path }) => path),
  );
}

function inputsOf(metafile: Metafile, jobFile: string): readonly string[] {
  const found = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  return [...new Set(found.map(([input]) => resolve(dirname(jobFile), input)))].toSorted();
}

function isOwnFile(file: string): boolean {
  return ['lib', 'functions'].some((folder) => file.startsWith(join(OWN_ROOT, folder) + sep));
}

function hashOf(folder: string, metafile: Metafile): string {
  const hash = createHash('sha256');
  const cwd = dirname(folder);
  const names = Object.keys(metafile.outputs).map((output) => output.slice(output.lastIndexOf('/') + 1));
  for (const name of [...names, 'plan.json'].toSorted()) {
    hash.update(`${name}\0`).update(readFileSync(resolve(cwd, folder, name)));
  }
  return hash.digest('hex');
}

function invalid(path: string, what: string, cause?: unknown): UserError {
  return new UserError('BUNDLE_INVALID', `${path}: ${what}`, { cause, context: { location: path } });
}
