/** The lock of a state directory between real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StateLock } from '../../../../lib/adapters/sqlite/state-lock.ts';
import { headOf, openStore, scratchFolder, thrownBy } from './store-samples.ts';

const SCRIPT = fileURLToPath(new URL('./store-process.ts', import.meta.url));

interface StoreProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The next line that it says. */
  line(): Promise<string>;
  /** Lets it open the directory. */
  go(): void;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

async function start(folder: string, mode: 'hold' | 'commit' = 'hold'): Promise<StoreProcess> {
  const child = spawn(process.execPath, [SCRIPT, folder, mode], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const next = await lines.next();
    return next.done ? 'ended' : next.value;
  };
  expect(await line()).toBe('ready');
  return {
    child,
    pid: child.pid ?? 0,
    line,
    go: () => void child.stdin.write('go\n'),
    kill: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

describe('the state lock', () => {
  it('refuses a second process and says who the first is', async () => {
    const folder = scratchFolder();
    const [first, second] = await Promise.all([start(folder), start(folder)]);
    first.go();
    expect(await first.line()).toBe('owner');
    second.go();
    const refusal = await second.line();
    expect(refusal).toMatch(/^STATE_DIR_LOCKED /);
    expect(refusal).toContain(folder);
    expect(refusal).toContain(`process ${first.pid} on `);
    expect(refusal).toMatch(/started at \d{4}-\d\d-\d\dT/);
  });

  it('refuses a second opening in the same process, and is free after release', () => {
    const folder = scratchFolder();
    const lock = StateLock.acquire(folder);
    expect(thrownBy(() => StateLock.acquire(folder))).toMatchObject({
      code: 'STATE_DIR_LOCKED',
      message: expect.stringContaining(`process ${process.pid} on`),
    });
    lock.release();
    lock.release();
    StateLock.acquire(folder).release();
  });

  it('ends with a process that is killed, at any number of starters exactly one takes it over', async () => {
    const folder = scratchFolder();
    let owner = await start(folder);
    owner.go();
    expect(await owner.line()).toBe('owner');
    for (let round = 0; round < 2; round++) {
      const starters = await Promise.all(Array.from({ length: 4 }, () => start(folder)));
      await owner.kill();
      for (const starter of starters) starter.go();
      const answers = await Promise.all(starters.map((starter) => starter.line()));
      const owners = starters.filter((_, index) => answers[index] === 'owner');
      expect(answers.filter((answer) => answer.startsWith('STATE_DIR_LOCKED'))).toHaveLength(3);
      expect(owners).toHaveLength(1);
      owner = owners[0] ?? owner;
      const { pid } = JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8'));
      expect(pid).toBe(owner.pid);
      await Promise.all(starters.filter((starter) => starter !== owner).map((starter) => starter.kill()));
    }
  });

  it('is not held by what a dead process wrote, even if its pid is alive again', () => {
    const folder = scratchFolder();
    const left = { pid: process.ppid, host: 'here', startedAt: '2020-01-01T00:00:00.000Z' };
    writeFileSync(join(folder, 'lock.json'), JSON.stringify(left));
    const lock = StateLock.acquire(folder);
    lock.release();
  });

  it('does not name an owner that it does not know', () => {
    const folder = scratchFolder();
    const lock = StateLock.acquire(folder);
    for (const text of ['', '{', 'null', '{"pid":"x"}']) {
      writeFileSync(join(folder, 'lock.json'), text);
      const refusal = thrownBy(() => StateLock.acquire(folder));
      expect(refusal).toMatchObject({ message: expect.stringContaining('in use by another process') });
    }
    lock.release();
  });
});

describe('a process that is killed', () => {
  it('has lost nothing that it said was committed (I1: and the log is dense)', async () => {
    const folder = scratchFolder();
    const writer = await start(folder, 'commit');
    writer.go();
    expect(await writer.line()).toBe('owner');
    let said = 0;
    while (said < 60) said = Number((await writer.line()).replace('committed ', ''));
    await writer.kill();
    for (let line = await writer.line(); line !== 'ended'; line = await writer.line()) {
      said = Number(line.replace('committed ', ''));
    }
    const store = openStore(folder);
    const head = await headOf(store);
    expect(head).toBeGreaterThanOrEqual(said);
    expect(head).toBeLessThanOrEqual(said + 1);
  });
});
