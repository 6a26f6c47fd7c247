/** Why a job's module could not be loaded, in a sentence with the fix. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, UserError } from '../core/errors.ts';
import { exportedNames } from './exported-names.ts';
import type { ModuleHooks } from './module-hooks.ts';
import type { RunningCopy } from './running-copy.ts';
import { similarFile, similarName } from './similar-name.ts';
import { firstUserPlace, placeOfSyntaxError, shownPath, shownPlace } from './source-place.ts';

/** What is known of a failed import. */
export interface FailedImport {
  readonly thrown: unknown;
  /** Absolute path of the job's module. */
  readonly jobFile: string;
  readonly cwd: string;
  readonly hooks: ModuleHooks;
  readonly copy: RunningCopy;
}

interface Explanation {
  readonly message: string;
  readonly location?: string | undefined;
}

/** The JOB_MODULE_INVALID that says what to change. */
export function explainModuleError(failed: FailedImport): UserError {
  const { message, location } = explanationOf(failed);
  return new UserError('JOB_MODULE_INVALID', message, {
    cause: failed.thrown,
    context: location === undefined ? {} : { location },
  });
}

function explanationOf(failed: FailedImport): Explanation {
  const { thrown } = failed;
  if (!(thrown instanceof Error)) {
    const shown = shownPath(failed.jobFile, failed.cwd);
    return {
      message: `Loading ${shown} threw ${messageOf(thrown)}, which is not an Error.`,
      location: shown,
    };
  }
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const known =
    code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
      ? unsupportedSyntax(thrown, failed)
      : (missingExport(thrown, failed) ??
        unresolved(thrown, { code, failed }) ??
        unknownExtension(thrown, { code, failed }) ??
        withoutAttribute(thrown, { code, failed }));
  return (
    known ?? notAnEsModule(thrown, failed) ?? notCompiling(thrown, failed) ?? thrownAtLoad(thrown, failed)
  );
}

const UNSUPPORTED_SYNTAX: readonly (readonly [pattern: RegExp, what: string, fix: string])[] = [
  [
    /TypeScript enum/,
    'an enum',
    "write `const Colour = { Red: 'red' } as const;` with " +
      '`type Colour = (typeof Colour)[keyof typeof Colour];`, or a union of literals',
  ],
  [/namespace|module declaration/, 'a namespace', 'move its content into a file of its own and import it'],
  [
    /parameter property/,
    'a parameter property',
    'declare the field in the class and assign it in the constructor',
  ],
  [/import equals/, '`import … = require(…)`', 'write `import … from …`'],
  [/export assignment/, '`export =`', 'write `export default`'],
  [/angle-bracket/, 'a type assertion in angle brackets', 'write `value as Type`'],
];

function unsupportedSyntax(error: Error, { cwd, jobFile }: FailedImport): Explanation {
  const place = placeOfSyntaxError(error);
  const where = place === undefined ? shownPath(jobFile, cwd) : shownPlace(place, cwd);
  const hint = '"erasableSyntaxOnly": true in tsconfig.json makes the editor show this';
  const known = UNSUPPORTED_SYNTAX.find(([pattern]) => pattern.test(error.message));
  const message =
    known === undefined
      ? `${where} uses TypeScript that is more than types, and Node only removes types: ${error.message}. ` +
        `Write it in JavaScript (${hint}).`
      : `${where} has ${known[1]}, which is more than a type, and Node runs TypeScript by removing ` +
        `the types: ${known[2]} (${hint}).`;
  return { message, location: where };
}

function missingExport(error: Error, failed: FailedImport): Explanation | undefined {
  const { cwd, hooks, jobFile } = failed;
  const local = /^Export '(.+)' is not defined in module/.exec(error.message);
  if (local !== null) {
    const shown = shownPath(hooks.lastFile() ?? jobFile, cwd);
    return {
      message:
        `${shown} exports '${local[1]}', which is no value: ` +
        `if it is an interface or a type, write \`export type { ${local[1]} }\`.`,
      location: shown,
    };
  }
  const match =
    /The requested module '(.+?)' (does not provide an export named '(.+)'|is a CommonJS module)/.exec(
      error.message,
    );
  const place = placeOfSyntaxError(error);
  if (match === null || place === undefined) return undefined;
  const specifier = match[1]!;
  const name = match[3] ?? /Named export '(.+?)'/.exec(error.message)?.[1] ?? 'default';
  const where = shownPlace(place, cwd);
  if (match[3] === undefined) {
    return {
      message:
        `${where} imports '${name}' by name from '${specifier}', a CommonJS module: ` +
        `write \`import all from '${specifier}'; const { ${name} } = all;\`.`,
      location: where,
    };
  }
  const verb = place.source.trimStart().startsWith('export') ? 'export' : 'import';
  return {
    message: missingName({
      where,
      verb,
      name,
      specifier,
      source: failed.hooks.fileOf(specifier, place.file),
    }),
    location: where,
  };
}

function missingName(miss: {
  readonly where: string;
  readonly verb: 'import' | 'export';
  readonly name: string;
  readonly specifier: string;
  /** The file that should export it. */
  readonly source: string | undefined;
}): string {
  const { where, verb, name, specifier, source } = miss;
  if (name === 'default') {
    return (
      `${where} imports the default export of '${specifier}', which has none: ` +
      `write \`import { … } from '${specifier}'\` with the names it exports.`
    );
  }
  const fix = `write \`${verb} type { ${name} } from '${specifier}'\``;
  const names = source === undefined ? undefined : exportedNames(source);
  if (names?.types.has(name)) {
    return (
      `${where} ${verb}s '${name}' from '${specifier}' as a value, ` +
      `but it is an interface or a type, which Node removes: ${fix}.`
    );
  }
  const similar = similarName(name, names?.values ?? []);
  const guess = similar === undefined ? '' : ` Did you mean '${similar}'?`;
  return (
    `${where} ${verb}s '${name}', which '${specifier}' does not export as a value.${guess} ` +
    `If it is an interface or a type, ${fix}.`
  );
}

interface Coded {
  readonly code: string;
  readonly failed: FailedImport;
}

/** Groups: package or module, what; or a folder; and the importer. */
const UNRESOLVED =
  /(?:Cannot find (package|module) '(.+?)'|Directory import '(.+?)' is not supp.*?) imported from (.+?)$/m;

function unresolved(error: Error, { code, failed }: Coded): Explanation | undefined {
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_UNSUPPORTED_DIR_IMPORT') return undefined;
  const { cwd } = failed;
  const match = UNRESOLVED.exec(error.message);
  if (match === null) return undefined;
  const target = match[2] ?? match[3]!;
  const importer = match[4]!;
  const where = shownPath(importer.startsWith('file:') ? fileURLToPath(importer) : importer, cwd);
  if (match[1] === 'package') {
    return {
      message:
        `${where} imports '${target}', which is not installed: ` +
        `run \`npm install ${target}\` in the project.`,
      location: where,
    };
  }
  const folder = dirname(target);
  const similar = existsSync(folder) ? similarFile(basename(target), readdirSync(folder)) : undefined;
  const guess = similar === undefined ? 'Mend the path or create the file.' : `Did you mean '${similar}'?`;
  return {
    message: `${where} imports ${shownPath(target, cwd)}, which does not exist. ${guess}`,
    location: where,
  };
}

function unknownExtension(error: Error, { code, failed }: Coded): Explanation | undefined {
  if (code !== 'ERR_UNKNOWN_FILE_EXTENSION') return undefined;
  const file = / for (.+)$/.exec(error.message)?.[1] ?? failed.jobFile;
  const shown = shownPath(file, failed.cwd);
  return {
    message: `${shown} cannot be loaded: a job and what it imports are .ts, .mts, .js, .mjs or .json files.`,
    location: shown,
  };
}

function withoutAttribute(error: Error, { code, failed }: Coded): Explanation | undefined {
  if (code !== 'ERR_IMPORT_ATTRIBUTE_MISSING') return undefined;
  const url = /Module "(.+?)"/.exec(error.message)?.[1] ?? 'a JSON file';
  const shown = url.startsWith('file:') ? shownPath(fileURLToPath(url), failed.cwd) : url;
  return {
    message: `${shown} is imported without its type: write \`import data from '…' with { type: 'json' }\`.`,
    location: shown,
  };
}

function notAnEsModule(error: Error, failed: FailedImport): Explanation | undefined {
  const match = /^(module|exports|require|__dirname|__filename) is not defined in ES module scope/.exec(
    error.message,
  );
  if (match === null) return undefined;
  const place = firstUserPlace(error, failed.copy.isOwnFile);
  const where = place === undefined ? shownPath(failed.jobFile, failed.cwd) : shownPlace(place, failed.cwd);
  const fixes: Readonly<Record<string, string>> = {
    module: 'write `export` instead of `module.exports`',
    exports: 'write `export` instead of `exports`',
    require: 'write `import … from …` instead of `require(…)`',
    __dirname: 'write `import.meta.dirname`',
    __filename: 'write `import.meta.filename`',
  };
  return {
    message: `${where} uses '${match[1]}' of CommonJS, but jobs are ES modules: ${fixes[match[1]!]}.`,
    location: where,
  };
}

/** Syntax errors of Node name no file if they are found after the types are removed. */
function notCompiling(error: Error, failed: FailedImport): Explanation | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  const place = placeOfSyntaxError(error);
  if (place === undefined && firstUserPlace(error, failed.copy.isOwnFile) !== undefined) return undefined;
  const file = place?.file ?? failed.hooks.lastFile() ?? failed.jobFile;
  const where = place === undefined ? shownPath(file, failed.cwd) : shownPlace(place, failed.cwd);
  const decorator =
    place === undefined && /(^|[\s{;])@\w/.test(readFileSync(file, 'utf8'))
      ? ' Decorators are not part of JavaScript yet: write the call without one.'
      : '';
  return { message: `${where} does not compile: ${error.message}.${decorator}`, location: where };
}

function thrownAtLoad(error: Error, failed: FailedImport): Explanation {
  const place = firstUserPlace(error, failed.copy.isOwnFile);
  const where = place === undefined ? shownPath(failed.jobFile, failed.cwd) : shownPlace(place, failed.cwd);
  return {
    message: `${where} threw while the job was loaded: ${error.name}: ${error.message}`,
    location: where,
  };
}
