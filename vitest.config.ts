import { defineConfig } from 'vitest/config';

const CONDITION = 'millrace-source';
// Node adds `import` or `require` itself: a CommonJS package that gets both takes modules for its own kind.
const conditions = [CONDITION, 'node'];

/** A project that runs every `*.test.ts` under `folder`. */
function project(name: string, options: { readonly folder: string; readonly testTimeoutMs: number }) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`${options.folder}/**/*.test.ts`],
      testTimeout: options.testTimeoutMs,
      hookTimeout: options.testTimeoutMs,
    },
  };
}

/** Each file has an emulator of its own; most of its time it waits for what a service does once a second. */
const END_TO_END = {
  extends: true as const,
  test: {
    name: 'e2e',
    include: ['test/e2e/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Beside no other project.
    sequence: { groupOrder: 1 },
  },
};

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // A test that imports a job module natively must meet the same copy of the package.
    execArgv: [`--conditions=${CONDITION}`],
    projects: [
      project('unit', { folder: 'test/unit', testTimeoutMs: 10_000 }),
      project('contract', { folder: 'test/contract', testTimeoutMs: 20_000 }),
      project('conformance', { folder: 'test/conformance', testTimeoutMs: 20_000 }),
      project('integration', { folder: 'test/integration', testTimeoutMs: 60_000 }),
      project('functions', { folder: 'test/functions', testTimeoutMs: 20_000 }),
      project('infra', { folder: 'test/infra', testTimeoutMs: 120_000 }),
      END_TO_END,
      project('sim', { folder: 'test/sim', testTimeoutMs: 240_000 }),
      project('crash', { folder: 'test/crash', testTimeoutMs: 120_000 }),
      project('tidy', { folder: 'test/tidy', testTimeoutMs: 60_000 }),
      project('docs', { folder: 'test/docs', testTimeoutMs: 60_000 }),
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/**/*.test-d.ts'],
            tsconfig: './tsconfig.types.json',
          },
        },
      },
    ],
  },
});
