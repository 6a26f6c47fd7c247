/**
 * How the modules of a job are found and read.
 *
 * - `millrace` and its sub-paths mean the running copy for every importer, so that a class has one identity.
 * - A project's .ts and .mts files are ES modules whatever the nearest package.json says; .js files of a
 *   CommonJS project are ES modules if they are written as such.
 * - Relative imports may leave out the extension, name a folder with an index file, or say .js for a .ts
 *   file.
 *
 * Packages in node_modules are left to Node.
 */
import { readFileSync, statSync } from 'node:fs';
import { type LoadHookSync, type ResolveHookSync, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { UserError } from '../core/errors.ts';
import { PACKAGE_NAME, type RunningCopy } from './running-copy.ts';

/** The hooks of this process, once registered. */
export interface ModuleHooks {
  /**
   * Path of the project's file that Node read last: the culprit of a syntax error, which Node does not
   * name.
   */
  lastFile(): string | undefined;
  /** Path of the file that a specifier means in `importer`; undefined for packages of others. */
  fileOf(specifier: string, importer: string): string | undefined;
}

export function registerModuleHooks(copy: RunningCopy): ModuleHooks {
  let lastFile: string | undefined;
  const isProjectFile = (url: string | undefined): url is string =>
    url?.startsWith('file:') === true &&
    !url.includes('/node_modules/') &&
    !copy.isOwnFile(fileURLToPath(url));

  const resolve: ResolveHookSync = (specifier, context, next) => {
    const own = copy.entries.get(specifier);
    if (own !== undefined) return { url: own, shortCircuit: true };
    if (specifier.startsWith(`${PACKAGE_NAME}/`))
      throw unknownEntry(specifier, { importer: context.parentURL, copy });
    if (!isProjectFile(context.parentURL) || !isPath(specifier)) return next(specifier, context);
    try {
      return next(specifier, context);
    } catch (error) {
      const found = findVariant(new URL(specifier, context.parentURL));
      if (found === undefined) throw error;
      return next(found, context);
    }
  };
  const load: LoadHookSync = (url, context, next) => {
    if (!isProjectFile(url)) return next(url, context);
    const path = fileURLToPath(url);
    lastFile = path;
    if (/\.m?ts$/.test(path)) return next(url, { ...context, format: 'module-typescript' });
    // Undefined if package.json says nothing: Node would find out too, but with a warning.
    const mayBeCommonJs = context.format === 'commonjs' || (context.format ?? undefined) === undefined;
    if (mayBeCommonJs && path.endsWith('.js') && isWrittenAsEsModule(path)) {
      return next(url, { ...context, format: 'module' });
    }
    return next(url, context);
  };
  registerHooks({ resolve, load });
  return {
    lastFile: () => lastFile,
    fileOf: (specifier, importer) => {
      const own = copy.entries.get(specifier);
      if (own !== undefined) return fileURLToPath(own);
      if (!isPath(specifier)) return undefined;
      const url = new URL(specifier, pathToFileURL(importer));
      const found = isFile(fileURLToPath(url)) ? url.href : findVariant(url);
      return found === undefined ? undefined : fileURLToPath(found);
    },
  };
}

function unknownEntry(
  specifier: string,
  { importer, copy }: { readonly importer: string | undefined; readonly copy: RunningCopy },
): UserError {
  const entries = [...copy.entries.keys()].filter((entry) => !entry.endsWith('.json'));
  return new UserError(
    'JOB_MODULE_INVALID',
    `There is nothing to import from '${specifier}': Millrace ${copy.version} has ${entries.join(', ')}.`,
    { context: importer === undefined ? {} : { location: fileURLToPath(importer) } },
  );
}

const VARIANTS = ['.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.mts', '/index.js', '/index.mjs'];

function isPath(specifier: string): boolean {
  return /^(\.{1,2}(\/|$)|\/|file:)/.test(specifier);
}

/** The file that an import without extension, of a folder, or of a compiled name means. */
function findVariant(url: URL): string | undefined {
  const path = fileURLToPath(url).replace(/\/$/, '');
  const compiled = /^(.*\.)(m?)js$/.exec(path);
  const candidates = VARIANTS.map((variant) => path + variant);
  if (compiled !== null) candidates.unshift(`${compiled[1]}${compiled[2]}ts`);
  const found = candidates.find(isFile);
  if (found === undefined) return undefined;
  // Query and fragment tell instances of one module apart.
  return pathToFileURL(found).href + url.search + url.hash;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

const ES_SYNTAX = /Cannot use import statement|Unexpected token 'export'|Cannot use 'import\.meta'/;

/**
 * Node's own test for a package without `type`: what does not compile as CommonJS for these reasons is a
 * module.
 */
function isWrittenAsEsModule(path: string): boolean {
  const source = readFileSync(path, 'utf8').replace(/^#!.*/, '');
  try {
    new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`);
    return false;
  } catch (error) {
    return error instanceof SyntaxError && ES_SYNTAX.test(error.message);
  }
}
