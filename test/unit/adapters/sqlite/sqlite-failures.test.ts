/** Every way in which a state directory fails, provoked for real. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UserError } from '../../../../lib/core/errors.ts';
import { headOf, item, openStore, SUBTASK, scratchFolder, thrownBy } from './store-samples.ts';

/** Opening `folder` must fail as `code`, with a message that matches. */
function expectRefused(folder: string, code: string, message: RegExp): void {
  const error = thrownBy(() => openStore(folder));
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
}

/** Commits versions of 4 KB until it fails; gives the last version and the error. */
function fillUp(store: ReturnType<typeof openStore>, head = 0): { head: number; error: unknown } {
  for (let version = head + 1; ; version++) {
    const change = { items: [{ subtask: SUBTASK, item: item(version, randomBytes(4096)) }] };
    const error = thrownBy(() => store.commit(change));
    if (error !== undefined) return { head: version - 1, error };
  }
}

/** A folder on a disk of `bytes`; undefined where this machine does not let us make one. */
function smallDisk(bytes: number): string | undefined {
  const folder = scratchFolder();
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('/bin/umount', [folder]));
  return folder;
}

/** A state directory of 200 versions of 4 KB, closed. */
function filledFolder(): string {
  const folder = scratchFolder();
  const store = openStore(folder);
  for (let version = 1; version <= 200; version++) {
    store.commit({ items: [{ subtask: SUBTASK, item: item(version, randomBytes(4096)) }] });
  }
  store.close();
  return folder;
}

describe('STATE_DIR_UNUSABLE', () => {
  it('a file stands where the folder should be', () => {
    const path = join(scratchFolder(), 'state');
    writeFileSync(path, 'a file');
    expectRefused(path, 'STATE_DIR_UNUSABLE', /state directory .*state cannot be made/);
    expectRefused(join(path, 'below'), 'STATE_DIR_UNUSABLE', /cannot be made/);
  });

  it.runIf(process.platform === 'linux')('the system does not allow it', () => {
    expectRefused('/proc/millrace', 'STATE_DIR_UNUSABLE', /cannot be made/);
  });

  it('a folder stands where the database should be', () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, 'state.db'));
    expectRefused(folder, 'STATE_DIR_UNUSABLE', /state\.db cannot be opened for writing/);
  });
});

describe('STATE_DIR_FULL', () => {
  it('a commit over the size limit fails whole, and the store goes on', async () => {
    const folder = scratchFolder();
    const store = openStore(folder, { bytesMax: 1 << 20 });
    const { head, error } = fillUp(store);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 'STATE_DIR_FULL', message: expect.stringMatching(/intact/) });
    expect(head).toBeGreaterThan(50);
    expect(await headOf(store)).toBe(head);
    const base = { version: head, manifest: 'base/1', archivedThrough: head };
    expect(store.commit({ bases: [{ subtask: SUBTASK, base }] })).toEqual({ kind: 'accepted' });
    const next = { items: [{ subtask: SUBTASK, item: item(head + 1) }] };
    expect(store.commit(next)).toEqual({ kind: 'accepted' });
    store.close();
    const reopened = openStore(folder);
    expect(await reopened.log.readSlot(SUBTASK, head + 1)).toEqual(item(head + 1));
  });

  it('a full disk costs nothing that was committed, and with room again the job goes on', async ({
    skip,
  }) => {
    const disk = smallDisk(3 << 20) ?? skip('file systems cannot be mounted here');
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, new Uint8Array(1 << 20));
    const store = openStore(join(disk, 'state'));
    const { head, error } = fillUp(store);
    expect(error).toMatchObject({ code: 'STATE_DIR_FULL', message: expect.stringMatching(/no room left/) });
    expect(await headOf(store)).toBe(head);
    rmSync(ballast);
    expect(store.commit({ items: [{ subtask: SUBTASK, item: item(head + 1) }] })).toEqual({
      kind: 'accepted',
    });
    store.close();
    const reopened = openStore(join(disk, 'state'));
    expect(await headOf(reopened)).toBe(head + 1);
    reopened.close();
  });

  it('a new directory on a full disk', ({ skip }) => {
    const disk = smallDisk(256 << 10) ?? skip('file systems cannot be mounted here');
    writeFileSync(join(disk, 'ballast'), new Uint8Array(200 << 10));
    expectRefused(join(disk, 'state'), 'STATE_DIR_FULL', /no room left/);
  });
});

describe('STATE_DIR_FOREIGN', () => {
  it('the file is not a database, and is left as it is', () => {
    const folder = scratchFolder();
    const text = 'Dear diary, this is no database. '.repeat(100);
    writeFileSync(join(folder, 'state.db'), text);
    expectRefused(folder, 'STATE_DIR_FOREIGN', /is not a database/);
    expect(readFileSync(join(folder, 'state.db'), 'utf8')).toBe(text);
  });

  it('the database is that of another application, and is left as it is', () => {
    const folder = scratchFolder();
    const path = join(folder, 'state.db');
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE bookmarks (url TEXT)');
    foreign.close();
    const before = readFileSync(path);
    expectRefused(folder, 'STATE_DIR_FOREIGN', /another application/);
    expect(Buffer.compare(readFileSync(path), before)).toBe(0);
  });

  it('the state is that of another job', () => {
    const folder = scratchFolder();
    openStore(folder, { jobName: 'letters' }).close();
    expectRefused(folder, 'STATE_DIR_FOREIGN', /the job "letters", not of "words"/);
  });
});

describe('STATE_FORMAT_UNSUPPORTED', () => {
  it('a later version of Millrace wrote the state', () => {
    const folder = scratchFolder();
    openStore(folder).close();
    const database = new DatabaseSync(join(folder, 'state.db'));
    database.exec(`UPDATE meta SET value = 2 WHERE key = 'formatVersion'`);
    database.close();
    expectRefused(folder, 'STATE_FORMAT_UNSUPPORTED', /has format 2; .* up to 1/);
  });
});

describe('STATE_CORRUPT', () => {
  it('a page of the tables is damaged', async () => {
    const folder = filledFolder();
    overwrite(join(folder, 'state.db'), { from: 0.3, to: 0.7 });
    const store = openStore(folder);
    await expect(store.log.readFrom(SUBTASK, 1, 1000)).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringMatching(/state\.db is damaged/),
    });
  });

  it('one bit of a payload, an object or a record has changed', async () => {
    const folder = scratchFolder();
    const marked = Buffer.from('MARK'.repeat(1000));
    const store = openStore(folder);
    const items = [{ subtask: SUBTASK, item: item(1, marked) }];
    const records = [{ key: 'run', revision: undefined, value: ['record'] }];
    store.commit({ items, records, objects: [{ name: 'base/1', bytes: marked }] });
    store.close();
    flipBits(join(folder, 'state.db'), Buffer.from('MARKMARK'));
    flipBits(join(folder, 'state.db'), Buffer.from('["record"]'));
    const damaged = openStore(folder);
    await expect(damaged.log.readSlot(SUBTASK, 1)).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringMatching(/checksum of version 1 of run-1\/count\/0/),
    });
    await expect(damaged.objects.get('base/1')).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringMatching(/checksum of the object base\/1/),
    });
    await expect(damaged.records.get('run')).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringMatching(/record run is not JSON/),
    });
  });

  it('the file was cut short', () => {
    const folder = filledFolder();
    const path = join(folder, 'state.db');
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    expect(thrownBy(() => readAll(folder))).toMatchObject({ code: 'STATE_CORRUPT' });
  });
});

describe('IO_FAILED', () => {
  it('another tool writes to the database: nothing is lost', async () => {
    const folder = filledFolder();
    const store = openStore(folder, { lockWaitMs: 50 });
    const tool = new DatabaseSync(join(folder, 'state.db'));
    tool.exec('BEGIN IMMEDIATE');
    const change = { items: [{ subtask: SUBTASK, item: item(201) }] };
    expect(thrownBy(() => store.commit(change))).toMatchObject({ code: 'IO_FAILED' });
    tool.exec('ROLLBACK');
    tool.close();
    expect(store.commit(change)).toEqual({ kind: 'accepted' });
    expect(await headOf(store)).toBe(201);
  });
});

function readAll(folder: string): void {
  const copy = scratchFolder();
  copyFileSync(join(folder, 'state.db'), join(copy, 'state.db'));
  openStore(copy);
}

/** Writes noise over a share of a file. */
function overwrite(path: string, { from, to }: { readonly from: number; readonly to: number }): void {
  const { size } = statSync(path);
  const start = Math.floor(size * from);
  const file = openSync(path, 'r+');
  writeSync(file, randomBytes(Math.floor(size * (to - from))), 0, undefined, start);
  closeSync(file);
}

/** Flips one bit in every place of the file that holds `mark`. */
function flipBits(path: string, mark: Buffer): void {
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1))
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
