import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DeadLetterFile } from '../../../lib/local/dead-letter-file.ts';

const LETTER = { operator: 'in', code: 'RECORD_INVALID', reason: 'no', position: 'a:1', raw: 'ü' };

function letterPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-letters-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'dead', 'letters.ndjson');
}

function letters(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
}

it('cuts off what was written behind the commit, and appends to the rest', () => {
  const path = letterPath();
  const first = new DeadLetterFile(path);
  first.write(LETTER);
  first.sync();
  const committed = first.position;
  first.write(LETTER);
  first.close();

  const second = new DeadLetterFile(path, committed);
  second.begin();
  expect(letters(path)).toBe(1);
  expect(second.count).toBe(1);
  second.write(LETTER);
  second.close();

  expect(letters(path)).toBe(2);
  expect(second.position).toEqual({ path, bytes: readFileSync(path).length, count: 2 });
});

it('removes a file of which the commit knows nothing', () => {
  const path = letterPath();
  const first = new DeadLetterFile(path);
  const nothing = first.position;
  first.write(LETTER);
  first.close();

  const second = new DeadLetterFile(path, nothing);
  second.begin();
  second.close();

  expect(existsSync(path)).toBe(false);
});

it('begins a new file when the old one was moved away, and counts on', () => {
  const path = letterPath();
  const first = new DeadLetterFile(path);
  first.write(LETTER);
  first.close();
  const committed = first.position;
  renameSync(path, `${path}.done`);

  const second = new DeadLetterFile(path, committed);
  second.write(LETTER);
  second.close();

  expect(letters(path)).toBe(1);
  expect(second.count).toBe(2);
  expect(letters(`${path}.done`)).toBe(1);
});

it('removes the file of another run, also when the path has changed', () => {
  const [path, other] = [letterPath(), letterPath()];
  const first = new DeadLetterFile(path);
  first.write(LETTER);
  first.close();

  const second = new DeadLetterFile(path, { path: other, bytes: 5, count: 1 });
  expect(second.count).toBe(0);
  second.begin();
  second.close();

  expect(existsSync(path)).toBe(false);
});

it('touches nothing before the job is certain to run', () => {
  const path = letterPath();
  const first = new DeadLetterFile(path);
  first.write(LETTER);
  first.close();
  const committed = first.position;

  for (const restored of [undefined, { ...committed, bytes: 0, count: 0 }, committed]) {
    const second = new DeadLetterFile(path, restored);
    expect(second.position).toMatchObject({ count: restored?.count ?? 0, bytes: restored?.bytes ?? 0 });
    second.close();
    expect(letters(path)).toBe(1);
  }
});

it('explains a path that cannot be written', () => {
  const path = letterPath();
  const file = new DeadLetterFile(path);
  writeFileSync(join(path, '..', '..', 'dead'), '');

  expect(() => file.write(LETTER)).toThrow(/dead-letter file .* cannot be written.*--dead-letters/);
});
