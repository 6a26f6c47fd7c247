/** `millrace state`: what a savepoint or a job on this machine holds. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Command, Option } from '@commander-js/extra-typings';
import { UserError } from '../core/errors.ts';
import type { KeyedEntry } from '../savepoint/keyed-entries.ts';
import { Savepoint } from '../savepoint/savepoint.ts';
import { MANIFEST_NAME } from '../savepoint/savepoint-manifest.ts';
import { type Answer, answered, type Finish } from './answer.ts';
import type { CommandContext } from './command-context.ts';
import { localJob } from './job-target.ts';
import { withProgress } from './progress.ts';
import { entryAsData, exportEntries } from './state-export.ts';
import { table } from './text-table.ts';

interface StateOptions {
  readonly stateDir?: string | undefined;
  readonly json?: true | undefined;
}

const SAVEPOINT = 'folder of a savepoint, or name of a job on this machine';
const UID = 'uid of the operator';
const STATE = 'name of the state';

/** Adds `state` with its commands to `program`. */
export function addStateCommands(program: Command, context: CommandContext, finish: Finish): void {
  const state = program
    .command('state')
    .description('what a savepoint or a job on this machine has in its state');
  const add = (name: string, description: string) =>
    state
      .command(name)
      .description(description)
      .option('--state-dir <dir>', 'state directory of the job (default: ".millrace/<job>")')
      .option('--json', 'print the result as one JSON line')
      .addOption(new Option('--verbose', 'show the stack of an error'));
  const on = (from: string, options: StateOptions, work: (savepoint: Savepoint) => Promise<Answer>) =>
    answered({ options, context, finish }, () =>
      withProgress(context, 'Reading', () => withSavepoint(from, { options, cwd: context.cwd }, work)),
    );
  add('list', 'operators, their states with sizes and types, and where sources go on')
    .argument('<savepoint>', SAVEPOINT)
    .action((from, options) => on(from, options, async (savepoint) => listed(savepoint)));
  add('get', 'what one key holds')
    .argument('<savepoint>', SAVEPOINT)
    .argument('<uid>', UID)
    .argument('<state>', STATE)
    .argument('<key>', 'the key as JSON; a word is a string')
    .action((from, uid, name, key, options) =>
      on(from, options, async (savepoint) => {
        const entries = await entriesOfKey(savepoint.readKeyedState(uid, name), keyOf(key));
        const lines = entries.map((entry) => JSON.stringify(entryAsData(entry)));
        const text = lines.length === 0 ? `Nothing is kept under the key ${key}.` : lines.join('\n');
        return { data: entries.map(entryAsData), text };
      }),
    );
  add('export', 'write all entries of a state to a file')
    .argument('<savepoint>', SAVEPOINT)
    .argument('<uid>', UID)
    .argument('<state>', STATE)
    .requiredOption('--output <file>', 'new file; its ending says what is written: .ndjson or .parquet')
    .action((from, uid, name, options) =>
      on(from, options, async (savepoint) => {
        const file = resolve(context.cwd, options.output);
        const entries = await exportEntries(savepoint.readKeyedState(uid, name), file);
        return { data: { file, entries }, text: `${entries} entries are in ${options.output}.` };
      }),
    );
}

/** Of a job the state is that of a savepoint taken for this purpose. */
async function withSavepoint<T>(
  from: string,
  { options, cwd }: { readonly options: StateOptions; readonly cwd: string },
  work: (savepoint: Savepoint) => Promise<T>,
): Promise<T> {
  const folder = resolve(cwd, from);
  if (existsSync(join(folder, MANIFEST_NAME))) return work(await Savepoint.load(folder));
  if (existsSync(folder)) {
    throw new UserError('SAVEPOINT_NOT_FOUND', `${folder} holds no savepoint: it has no ${MANIFEST_NAME}.`);
  }
  const job = localJob(options, { job: from, cwd });
  const parent = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  try {
    const taken = join(parent, 'savepoint');
    await job.savepoint(taken);
    return await work(await Savepoint.load(taken));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

function listed({ job, createdAt, sources, states }: Savepoint): Answer {
  const time = new Date(createdAt).toISOString();
  const rows = states.map(({ operator, name, kind, keys, values, keyType, valueType }) => [
    ...[operator, name, kind, String(keys), String(values), keyType, valueType],
  ]);
  const positions = sources.flatMap(({ operator, connector, position }) => [
    `Source '${operator}' (${connector}) goes on ${position.length === 0 ? 'at its end' : 'at'}`,
    ...position.map((line) => `  ${line}`),
  ]);
  const keyed =
    rows.length === 0
      ? 'There is no keyed state.'
      : table(['OPERATOR', 'STATE', 'KIND', 'KEYS', 'VALUES', 'KEY TYPE', 'VALUE TYPE'], rows);
  const text = [`State of the job '${job}' at ${time}.`, ...positions, '', keyed].join('\n');
  return { data: { job, createdAt, sources, states }, text };
}

async function entriesOfKey(
  entries: AsyncIterable<KeyedEntry>,
  key: unknown,
): Promise<readonly KeyedEntry[]> {
  const found: KeyedEntry[] = [];
  for await (const entry of entries) if (isDeepStrictEqual(entry.key, key)) found.push(entry);
  return found;
}

function keyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
