/** The file of a job, and what is said of a module that exports none. */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isJobDefinition } from '../api/define-job.ts';
import { UserError } from '../core/errors.ts';
import { similarFile } from './similar-name.ts';
import { shownPath } from './source-place.ts';

const EXTENSIONS = ['', '.ts', '.mts', '.js', '.mjs'];

/** Absolute path of the module; the extension may be left out. Throws UserError JOB_NOT_FOUND. */
export function findJobFile(path: string, cwd: string): string {
  const wanted = resolve(cwd, path);
  const found = EXTENSIONS.map((extension) => wanted + extension).find(
    (candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile() === true,
  );
  if (found !== undefined) return found;
  const isFolder = statSync(wanted, { throwIfNoEntry: false })?.isDirectory() === true;
  const folder = isFolder ? wanted : dirname(wanted);
  const modules = modulesIn(folder);
  const similar = isFolder ? undefined : similarFile(basename(wanted), modules);
  const what = isFolder ? `${path} is a folder, not a job` : `There is no file ${path} in ${cwd}`;
  const choice =
    modules.length === 0 ? '' : `; ${shownPath(folder, cwd)} has ${modules.slice(0, 10).join(', ')}`;
  const guess =
    similar === undefined
      ? `Name the TypeScript file of a job${choice}.`
      : `Did you mean ${shownPath(join(folder, similar), cwd)}?`;
  throw new UserError('JOB_NOT_FOUND', `${what}. ${guess}`);
}

function modulesIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder).filter((name) => /\.m?[jt]s$/.test(name) && !name.includes('.d.'));
}

/** Why the module has no job to run, and what to write. */
export function withoutJob(module: Readonly<Record<string, unknown>>, shown: string): string {
  const script = `A script that calls env.execute() itself is started with \`node ${shown}\`.`;
  const ending = "`export default defineJob('name', (env) => { … });`";
  const named = Object.entries(module).find(([name, value]) => name !== 'default' && isJobDefinition(value));
  if (named !== undefined) {
    return (
      `${shown} exports its job as '${named[0]}', but the job to run is the default export: ` +
      `write \`export default ${named[0]};\`.`
    );
  }
  if (!('default' in module)) return `${shown} has no default export: end it with ${ending}. ${script}`;
  const found = describe(module.default);
  return `The default export of ${shown} is ${found}, not a job: write ${ending}. ${script}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'function') return `the function ${value.name === '' ? 'without a name' : value.name}`;
  if (typeof value !== 'object') return `the ${typeof value} ${String(value)}`;
  const name = value.constructor?.name;
  return name === undefined || name === 'Object' ? 'a plain object' : `an object of class ${name}`;
}
