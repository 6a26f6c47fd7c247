/**
 * A state directory has one owner at a time.
 *
 * 1. The lock is the operating system's, held by an open transaction of `lock.db`: it ends with the process,
 *    however that ends, so a lock never has to be judged stale and a pid that is used again deceives nobody.
 * 2. `lock.json` says who the owner is. It is only ever read for the message to the one who is refused.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { BUSY, resultCodeOf, sqliteFailure } from './sqlite-failure.ts';

/** What `lock.json` holds. */
interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

export class StateLock {
  readonly #database: DatabaseSync;
  readonly #ownerPath: string;

  private constructor(database: DatabaseSync, ownerPath: string) {
    this.#database = database;
    this.#ownerPath = ownerPath;
  }

  /** Makes `folder` if it is missing and locks it; UserError STATE_DIR_LOCKED if another process has. */
  static acquire(folder: string): StateLock {
    makeFolder(folder);
    const ownerPath = join(folder, 'lock.json');
    const path = join(folder, 'lock.db');
    let database: DatabaseSync | undefined;
    try {
      // Long enough for somebody who only looks whether the lock is held.
      database = new DatabaseSync(path, { timeout: LIMITS.stateLockWaitMs });
      // Nothing is ever committed: the file stays empty, and there is no journal to take over from the dead.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      database?.close();
      throw resultCodeOf(error) === BUSY ? lockedFailure(folder, ownerPath) : sqliteFailure(path, error);
    }
    writeOwner(ownerPath);
    return new StateLock(database, ownerPath);
  }

  /** True while a process holds the lock of `folder`. */
  static isHeld(folder: string): boolean {
    const path = join(folder, 'lock.db');
    if (!existsSync(path)) return false;
    const database = new DatabaseSync(path, { timeout: 0, readOnly: true });
    try {
      // Reads, and so is refused by the owner's lock.
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
      return false;
    } catch (error) {
      if (resultCodeOf(error) === BUSY) return true;
      throw sqliteFailure(path, error);
    } finally {
      database.close();
    }
  }

  /** Gives the directory free. Releasing twice does no harm. */
  release(): void {
    if (!this.#database.isOpen) return;
    // Before the lock ends, lest it be the file of the next owner.
    rmSync(this.#ownerPath, { force: true });
    this.#database.close();
  }
}

function makeFolder(folder: string): void {
  try {
    makeDurably(resolve(folder));
  } catch (cause) {
    throw new UserError(
      'STATE_DIR_UNUSABLE',
      `The state directory ${folder} cannot be made (${messageOf(cause)}). Check the path and the ` +
        'permissions of the folder above it, or give another state directory.',
      { cause },
    );
  }
}

/** Not mkdir's own recursion: it never ends in a file system that answers ENOENT, as /proc does. */
function makeDurably(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeDurably(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process that starts at the same time may have made it.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
    throw error;
  }
  // A folder is on the disk only when the entry in its parent is.
  const entry = openSync(parent, 'r');
  try {
    fsyncSync(entry);
  } finally {
    closeSync(entry);
  }
}

/** Replaces the file at once; failing to do so costs a message its detail and nothing else. */
function writeOwner(path: string): void {
  const started = new Date(Date.now() - process.uptime() * 1000);
  const owner: LockOwner = { pid: process.pid, host: hostname(), startedAt: started.toISOString() };
  try {
    writeFileSync(`${path}.new`, JSON.stringify(owner));
    renameSync(`${path}.new`, path);
  } catch {
    rmSync(path, { force: true });
  }
}

function lockedFailure(folder: string, ownerPath: string): UserError {
  const owner = readOwner(ownerPath);
  const who =
    owner === undefined
      ? 'another process'
      : `process ${owner.pid} on ${owner.host}, which was started at ${owner.startedAt}`;
  return new UserError(
    'STATE_DIR_LOCKED',
    `The state directory ${folder} is in use by ${who}. Stop that process, or give this one another state ` +
      'directory.',
  );
}

/** Undefined if the file is missing, or holds a process that has ended without removing it. */
function readOwner(path: string): LockOwner | undefined {
  try {
    const { pid, host, startedAt } = JSON.parse(readFileSync(path, 'utf8'));
    if (!Number.isInteger(pid) || (host === hostname() && !isAlive(pid))) return undefined;
    return { pid, host: String(host), startedAt: String(startedAt) };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
