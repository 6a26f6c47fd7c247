import { globSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PlantedCheckout, runTool } from './rules/planted-checkout.ts';
import { ROOT } from './rules/repository-files.ts';

const ARROWS = '.dependency-cruiser.mjs';
const CYCLES = '.dependency-cruiser.cycles.mjs';
const CONFIGURATION = [ARROWS, CYCLES, 'tsconfig.json', 'package.json'];

interface Cruise {
  readonly summary: {
    readonly totalCruised: number;
    readonly violations: readonly {
      readonly from: string;
      readonly rule: { readonly name: string };
    }[];
  };
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string; readonly dynamic: boolean }[];
  }[];
}

function cruise(folder: string, config: string): Cruise {
  const args = ['--config', config, '--output-type', 'json', ...globSync('{lib,infra}', { cwd: folder })];
  const { stdout, stderr } = runTool('depcruise', args, folder);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The rules that the planted files break, as `file rule`. */
function broken(files: Readonly<Record<string, string>>, config = ARROWS): string[] {
  using checkout = new PlantedCheckout(CONFIGURATION, files);
  symlinkSync(join(ROOT, 'node_modules'), join(checkout.folder, 'node_modules'));
  const { violations } = cruise(checkout.folder, config).summary;
  return violations.map(({ from, rule }) => `${from} ${rule.name}`).sort();
}

/** One file in each layer, for others to import. */
function targets(...files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, 'export interface Target {}\n']));
}

const imports = (path: string): string => `import '${path}';\n`;

describe('arrows of the code base', () => {
  const arrows = cruise(ROOT, ARROWS);

  it('the_cruiser_sees_every_file_of_lib', () => {
    const files = globSync('lib/**/*.ts', { cwd: ROOT });
    const cruised = new Set(arrows.modules.map(({ source }) => source));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !cruised.has(file))).toEqual([]);
  });

  it('api_reaches_local_by_at_most_one_import', () => {
    const lazy = arrows.modules
      .filter(({ source }) => source.startsWith('lib/api/'))
      .flatMap(({ source, dependencies }) => dependencies.map(({ resolved }) => ({ source, resolved })))
      .filter(({ resolved }) => resolved.startsWith('lib/local/'));
    expect(lazy.length).toBeLessThanOrEqual(1);
  });
});

describe('arrow rules catch a bad sample', () => {
  it('a_layer_that_looks_up_is_reported', () => {
    const found = broken({
      ...targets('lib/graph/target.ts', 'lib/runtime/target.ts', 'lib/adapters/s3/target.ts'),
      'lib/core/bad.ts': "import type { Target } from '../graph/target.ts';\nexport type Bad = Target;\n",
      'lib/graph/bad.ts': imports('../runtime/target.ts'),
      'lib/runtime/bad.ts': imports('../adapters/s3/target.ts'),
      'lib/connectors/file/bad.ts': imports('../../graph/target.ts'),
      'lib/testing/bad.ts': imports('../adapters/s3/target.ts'),
      'lib/nowhere/bad.ts': imports('../graph/target.ts'),
      'infra/bad.ts': imports('../lib/runtime/target.ts'),
    });
    expect(found).toEqual([
      'infra/bad.ts infra-needs-no-engine',
      'lib/connectors/file/bad.ts layer-connectors',
      'lib/core/bad.ts layer-core',
      'lib/graph/bad.ts layer-graph',
      'lib/nowhere/bad.ts layer-unknown',
      'lib/runtime/bad.ts layer-runtime',
      'lib/testing/bad.ts testing-without-aws',
    ]);
  });

  it('api_may_reach_local_only_lazily', () => {
    const lazy = "export const run = () => import('../local/target.ts');\n";
    expect(broken({ ...targets('lib/local/target.ts'), 'lib/api/lazy.ts': lazy })).toEqual([]);
    const eager = broken({
      ...targets('lib/local/target.ts'),
      'lib/api/bad.ts': imports('../local/target.ts'),
    });
    expect(eager).toEqual(['lib/api/bad.ts layer-api-local-lazily']);
  });

  it('a_descriptor_may_reach_its_reader_only_lazily', () => {
    const folder = 'lib/connectors/file';
    const lazy = "export const load = () => import('./reader.ts');\n";
    expect(broken({ ...targets(`${folder}/reader.ts`), [`${folder}/descriptor.ts`]: lazy })).toEqual([]);
    const eager = broken({
      ...targets(`${folder}/reader.ts`),
      [`${folder}/descriptor.ts`]: imports('./reader.ts'),
    });
    expect(eager).toEqual([`${folder}/descriptor.ts descriptors-are-data`]);
  });

  it('an_aws_sdk_outside_the_edge_a_devdependency_and_a_missing_file_are_reported', () => {
    const found = broken({
      'lib/local/aws.ts': imports('@aws-sdk/client-s3'),
      'lib/local/dev.ts': imports('fast-check'),
      'lib/local/missing.ts': imports('./nowhere.ts'),
    });
    expect(found).toEqual([
      'lib/local/aws.ts sdk-only-at-the-edge',
      'lib/local/dev.ts published-code-needs-published-packages',
      'lib/local/missing.ts resolvable',
    ]);
  });
});

describe('the rule against cycles', () => {
  const typeImport = (name: string) =>
    `import type { Other } from './${name}.ts';\nexport type Own = Other;\n`;

  it('reports_a_cycle_of_type_imports', () => {
    const files = { 'lib/core/a.ts': typeImport('b'), 'lib/core/b.ts': typeImport('a') };
    expect(broken(files, CYCLES)).toContain('lib/core/a.ts no-circular');
  });

  it('lets_api_and_local_meet_through_the_lazy_import', () => {
    const files = {
      'lib/api/a.ts': "export const run = () => import('../local/b.ts');\n",
      'lib/local/b.ts': imports('../api/a.ts'),
    };
    expect(broken(files, CYCLES)).toEqual([]);
  });
});
