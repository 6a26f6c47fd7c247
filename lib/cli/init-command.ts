import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';
import type { CommandContext } from './command-context.ts';
import { projectFiles } from './init/project-files.ts';
import { dependencySpecOf } from './running-copy.ts';

/** What a folder may hold and still count as empty. */
const NO_CONTENT: ReadonlySet<string> = new Set(['.git', '.DS_Store']);

/** `millrace init`: writes a project that runs. Returns the exit code; throws UserError ARGUMENT_INVALID. */
export function initCommand(dir: string, context: CommandContext): number {
  const { copy, cwd, print } = context;
  const folder = resolve(cwd, dir);
  refuseContent(folder, dir);
  const files = projectFiles({
    name: packageName(basename(folder)),
    millrace: dependencySpecOf(copy),
    // A Node that came from npm is not there for the new project: the machine's own may be too old.
    cdk: {
      cli: rangeOf(copy, 'aws-cdk'),
      library: rangeOf(copy, 'aws-cdk-lib'),
      constructs: rangeOf(copy, 'constructs'),
    },
    node: process.execPath.includes(`${sep}node_modules${sep}`) ? `^${process.versions.node}` : undefined,
  });
  writeAll(folder, files);
  const steps = [
    ...(folder === cwd ? [] : [`cd ${/\s/.test(dir) ? `"${dir}"` : dir}`]),
    'npm install',
    'npm start',
    'npm test',
  ];
  print(
    `Wrote ${Object.keys(files).join(', ')} to ${folder}.\n\n` +
      `Next:\n${steps.map((step) => `  ${step}\n`).join('')}`,
  );
  return 0;
}

/** Of a tested version any later one of the same major. */
function rangeOf({ companions }: CommandContext['copy'], name: string): string {
  const range = companions.get(name) ?? '*';
  return /^\d/.test(range) ? `^${range}` : range;
}

function refuseContent(folder: string, dir: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    throw new UserError('ARGUMENT_INVALID', `${dir} is a file: name a folder that is new or empty.`);
  }
  const content = readdirSync(folder).filter((name) => !NO_CONTENT.has(name));
  if (content.length === 0) return;
  const shown = content.slice(0, 3).join(', ') + (content.length > 3 ? ', …' : '');
  throw new UserError(
    'ARGUMENT_INVALID',
    `The folder ${dir} is not empty (${shown}): name one that is new or empty; nothing was written.`,
  );
}

/** All files or none. */
function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  let createdFolder: string | undefined;
  const written: string[] = [];
  try {
    createdFolder = mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { flag: 'wx' });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    if (createdFolder !== undefined) rmSync(createdFolder, { recursive: true, force: true });
    throw new UserError(
      'ARGUMENT_INVALID',
      `The project cannot be written to ${folder}: ${messageOf(error)}.`,
      {
        cause: error,
      },
    );
  }
}

/** A name npm accepts. */
function packageName(folderName: string): string {
  const name = folderName
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 214);
  return name === '' || name === 'millrace' ? 'stream-job' : name;
}
