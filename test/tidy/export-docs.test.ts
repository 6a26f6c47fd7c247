import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { undocumentedExports } from './rules/export-docs.ts';
import { PlantedCheckout } from './rules/planted-checkout.ts';
import { ROOT } from './rules/repository-files.ts';
import { format } from './rules/violation.ts';

const ENTRIES = ['lib/index.ts', 'lib/testing/index.ts', 'lib/savepoint/index.ts', 'infra/index.ts'];

describe('public entries', () => {
  it.each(ENTRIES)('every_export_of_%s_is_documented', (entry) => {
    const tsconfig = join(ROOT, 'tsconfig.json');
    expect(format(undocumentedExports({ tsconfig, entry: join(ROOT, entry) }))).toEqual([]);
  });
});

describe('the rule of documented exports catches a bad sample', () => {
  it('an_export_without_a_comment_is_reported_where_it_is_declared', () => {
    using checkout = new PlantedCheckout(['tsconfig.json'], {
      'lib/index.ts': "export { bare, documented, type Bare, type Documented } from './core/sample.ts';\n",
      'lib/core/sample.ts': [
        '/** Says what it is. */',
        'export const documented = 1;',
        'export const bare = 2;',
        '/** Says what it is. */',
        'export interface Documented {}',
        '/***/',
        'export interface Bare {}',
      ].join('\n'),
    });
    const tsconfig = join(checkout.folder, 'tsconfig.json');
    const found = undocumentedExports({ tsconfig, entry: join(checkout.folder, 'lib/index.ts') });
    expect(found.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'lib/core/sample.ts:3',
      'lib/core/sample.ts:7',
    ]);
  });

  it('a_missing_entry_is_an_error', () => {
    using checkout = new PlantedCheckout(['tsconfig.json'], {});
    const tsconfig = join(checkout.folder, 'tsconfig.json');
    const entry = join(checkout.folder, 'lib/index.ts');
    expect(() => undocumentedExports({ tsconfig, entry })).toThrow('missing');
  });
});
