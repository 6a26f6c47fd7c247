/**
 * Adds the optional packages of other platforms that package-lock.json lacks; run it after `npm install`.
 *
 * npm leaves out an optional package that the registry at hand does not serve, and `npm ci` then refuses the
 * lockfile because the package that names it still does. An entry with platform and exact version is enough:
 * on another platform npm skips it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Platform {
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
  readonly os?: readonly string[];
}

interface LockEntry extends Partial<Platform> {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  packages: Record<string, LockEntry>;
}

const PATH = join(import.meta.dirname, '..', 'package-lock.json');
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;
const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

function platformOf(name: string): Platform {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc'];
  if (cpu.length === 0) throw new Error(`Cannot tell the platform of the optional package ${name}.`);
  return { cpu, ...(os.includes('linux') && { libc }), ...(os.length > 0 && { os }) };
}

function missingEntries({ packages }: Lockfile): [string, LockEntry][] {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(
        ([name]) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      )
      .map(([name, version]): [string, LockEntry] => {
        if (!EXACT.test(version)) throw new Error(`${path} wants ${name}@${version}, not an exact version.`);
        const { cpu, libc, os } = platformOf(name);
        // In npm's own order of keys, so that the next `npm install` changes nothing.
        const added = {
          version,
          cpu,
          ...(entry.dev && { dev: true }),
          ...(libc && { libc }),
          optional: true,
        };
        return [`node_modules/${name}`, { ...added, ...(os && { os }) }];
      }),
  );
}

// The shape is npm's own lockfileVersion 3; only the fields above are read.
const lockfile: Lockfile = JSON.parse(readFileSync(PATH, 'utf8'));
const missing = missingEntries(lockfile);
const entries = [...Object.entries(lockfile.packages), ...missing];
lockfile.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(PATH, `${JSON.stringify(lockfile, undefined, 2)}\n`);
console.log(`Added ${missing.length} optional packages of other platforms.`);
