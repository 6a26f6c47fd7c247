import { describe, expect, it } from 'vitest';
import { PlantedCheckout } from './rules/planted-checkout.ts';

const CONFIGURATION = ['biome.jsonc', 'biome-plugins', 'tsconfig.json'];
const AMBIENT = 'plugin';

/** Lints one planted file with the repository's own configuration; returns the categories it reports. */
function lint(file: string, text: string): string[] {
  using checkout = new PlantedCheckout(CONFIGURATION, { [file]: text });
  const args = ['lint', '--reporter=json', '--vcs-enabled=false', '--max-diagnostics=none', 'lib'];
  const { stdout, stderr } = checkout.run('biome', args);
  if (stdout === '') throw new Error(stderr);
  const report: { diagnostics: { category: string; severity: string }[] } = JSON.parse(stdout);
  return report.diagnostics.filter(({ severity }) => severity === 'error').map(({ category }) => category);
}

describe('lint rules catch a bad sample', () => {
  const sleep = 'export async function sleep(): Promise<void> {}\n';

  it.each([
    ['nursery/noFloatingPromises', `${sleep}export function f(): void {\n  sleep();\n}\n`],
    ['nursery/noMisusedPromises', `${sleep}export const f = () => [1].forEach(async () => await sleep());\n`],
    ['suspicious/noExplicitAny', 'export const f = (x: any): unknown => x;\n'],
    ['performance/noReExportAll', "export * from 'node:fs';\n"],
    ['style/noEnum', 'export enum E {\n  a,\n}\n'],
    ['correctness/useImportExtensions', "export { a as b } from './sample';\nexport const a = 1;\n"],
  ])('%s', (rule, text) => {
    expect(lint('lib/local/sample.ts', text)).toContain(`lint/${rule}`);
  });

  it('style/useFilenamingConvention', () => {
    const found = lint('lib/local/badName.ts', 'export const a = 1;\n');
    expect(found).toContain('lint/style/useFilenamingConvention');
  });
});

describe('ambient time and chance', () => {
  it.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'performance.now()',
    'Math.random()',
    'crypto.randomUUID()',
    'setTimeout(print, 5)',
    'globalThis.setTimeout(print, 5)',
    'setInterval(print, 5)',
    'setImmediate(print)',
    '[1].map(Date.now)',
  ])('%s_is_reported_in_the_runtime', (expression) => {
    const text = `export const f = (print: () => void): unknown => [print, ${expression}];\n`;
    expect(lint('lib/runtime/sample.ts', text)).toContain(AMBIENT);
  });

  it.each(['core', 'graph', 'protocol', 'runtime', 'coordinator'])('is_reported_in_lib/%s', (layer) => {
    expect(lint(`lib/${layer}/deep/sample.ts`, 'export const f = () => Date.now();\n')).toContain(AMBIENT);
  });

  it('is_allowed_where_the_ports_are_implemented', () => {
    expect(lint('lib/adapters/memory/sample.ts', 'export const f = () => Date.now();\n')).toEqual([]);
  });

  it('a_date_of_a_given_time_is_allowed', () => {
    expect(lint('lib/core/sample.ts', 'export const f = (ms: number) => new Date(ms);\n')).toEqual([]);
  });
});
