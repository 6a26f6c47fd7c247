/**
 * A process that uses a state directory: `store-process.ts FOLDER hold|commit`. It says `ready`, waits for a
 * line, opens the directory and says `owner`, or the code and the message of its refusal.
 *
 * `hold` keeps the directory until it is killed; `commit` appends versions and says each when it is durable.
 */
import { once } from 'node:events';
import { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.ts';

const [folder = '', mode = 'hold'] = process.argv.slice(2);
const subtask = { run: 'run-1', vertex: 'count', subtask: 0 };

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function commitForever(store: SqliteStore): void {
  for (let version = 1; ; version++) {
    const item = {
      version,
      writer: `writer-of-${version}`,
      kind: 'data' as const,
      epoch: 1,
      sentThrough: version - 1,
      processingTime: 1_700_000_000_000,
      code: 'code-1',
      due: undefined,
      inboxPending: false,
      payload: { kind: 'inline' as const, bytes: new Uint8Array(20_000).fill(version) },
    };
    store.commit({ items: [{ subtask, item }] });
    say(`committed ${version}`);
  }
}

say('ready');
await once(process.stdin, 'data');
try {
  const store = SqliteStore.open(folder, { jobName: 'words' });
  say('owner');
  if (mode === 'commit') commitForever(store);
} catch (error) {
  say(error instanceof Error && 'code' in error ? `${error.code} ${error.message}` : String(error));
}
setInterval(() => {}, 1000);
