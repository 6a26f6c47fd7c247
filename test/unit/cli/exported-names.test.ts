import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { exportedNames } from '../../../lib/cli/exported-names.ts';

function namesOf(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { types, values } = exportedNames(join(folder, Object.keys(files)[0]!));
  return { types: [...types], values: [...values] };
}

it('tells types from values in declarations and lists', () => {
  const source = `export interface A {}
export type B = string;
export abstract class C {}
export const d = 1;
export async function e() {}
// export const commented = 1;
export { f, type G, h as i } from './x.ts';
export type { J, K as L } from './x.ts';`;

  expect(namesOf({ 'a.ts': source })).toEqual({
    types: ['A', 'B', 'G', 'J', 'L'],
    values: ['C', 'd', 'e', 'f', 'i'],
  });
});

it('reads the declarations beside a compiled file', () => {
  const files = {
    'a.js': 'export const a = 1;',
    'a.d.ts': 'export declare const a = 1;\nexport interface B {}',
  };
  expect(namesOf(files)).toEqual({ types: ['B'], values: ['a'] });
});
