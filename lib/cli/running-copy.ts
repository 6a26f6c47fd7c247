import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvariantError } from '../core/errors.ts';

/** The copy of the package that runs this command line: the sources of a checkout or an installed build. */
export interface RunningCopy {
  /** Absolute path of the folder that holds its package.json. */
  readonly root: string;
  readonly version: string;
  /** URL of the file behind each public specifier, for example `millrace/testing`. */
  readonly entries: ReadonlyMap<string, string>;
  /** Names of the packages that are installed with it. */
  readonly dependencies: readonly string[];
  /** Version ranges of the packages with which it is used and tested, by name. */
  readonly companions: ReadonlyMap<string, string>;
  /** True for the code of this copy, which is not the user's. */
  isOwnFile(path: string): boolean;
}

/** Name under which jobs import this package. */
export const PACKAGE_NAME = 'millrace';

/** Reads the package.json around this file. */
export function findRunningCopy(): RunningCopy {
  const fromSource = import.meta.url.endsWith('.ts');
  const root = fileURLToPath(new URL(fromSource ? '../..' : '../../..', import.meta.url));
  const manifest = readJson(join(root, 'package.json'));
  const version = textAt(manifest, 'version');
  const exportsField = at(manifest, 'exports');
  if (version === undefined || !isObject(exportsField)) {
    throw new InvariantError('INVARIANT', `${root}/package.json is not that of Millrace; install it again.`);
  }
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(exportsField)) {
    const file =
      typeof target === 'string' ? target : textAt(target, fromSource ? 'millrace-source' : 'default');
    if (file === undefined) continue;
    entries.set(PACKAGE_NAME + subpath.slice(1), pathToFileURL(join(root, file)).href);
  }
  const folders = ['lib', 'dist', 'bin'].map((folder) => join(root, folder, sep));
  return {
    root: resolve(root),
    version,
    entries,
    dependencies: rangesAt(manifest, 'dependencies').map(([name]) => name),
    companions: companionsIn(manifest),
    isOwnFile: (path) => folders.some((folder) => path.startsWith(folder)),
  };
}

/** What it needs of its user wins over the version with which it is tested. */
function companionsIn(manifest: unknown): ReadonlyMap<string, string> {
  return new Map(['devDependencies', 'peerDependencies'].flatMap((field) => rangesAt(manifest, field)));
}

function rangesAt(manifest: unknown, field: string): readonly (readonly [name: string, range: string])[] {
  const packages = at(manifest, field);
  return isObject(packages) ? Object.entries(packages).map(([name, range]) => [name, String(range)]) : [];
}

/**
 * What a package.json must say to get the same copy: a version range if it came from a registry, else where
 * it came from, as a `file:` path or the URL that npm recorded.
 */
export function dependencySpecOf(copy: RunningCopy): string {
  const modules = dirname(copy.root);
  if (basename(modules) !== 'node_modules') return `file:${copy.root}`;
  const resolved = resolvedInLockfile(modules, basename(copy.root));
  if (resolved === undefined || resolved.endsWith(`/-/${PACKAGE_NAME}-${copy.version}.tgz`))
    return `^${copy.version}`;
  if (!resolved.startsWith('file:')) return resolved;
  return `file:${resolve(dirname(modules), resolved.slice('file:'.length))}`;
}

/** npm keeps in `node_modules/.package-lock.json` where each package came from. */
function resolvedInLockfile(modules: string, folder: string): string | undefined {
  let lockfile: unknown;
  try {
    lockfile = readJson(join(modules, '.package-lock.json'));
  } catch {
    // Another package manager installed it: those take it from a registry.
    return undefined;
  }
  return textAt(at(at(lockfile, 'packages'), `node_modules/${folder}`), 'resolved');
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function at(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function textAt(value: unknown, key: string): string | undefined {
  const found = at(value, key);
  return typeof found === 'string' ? found : undefined;
}
