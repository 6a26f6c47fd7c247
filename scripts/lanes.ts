/** The lanes of `npm run verify`, in order, each with its time budget. */

/** A lane that is one command: it passes or fails as a whole. */
export interface CommandLane {
  readonly kind: 'command';
  readonly name: string;
  readonly budgetSeconds: number;
  readonly command: readonly string[];
}

/** A lane that is one vitest project: its tests are counted. */
export interface TestLane {
  readonly kind: 'tests';
  readonly name: string;
  readonly budgetSeconds: number;
  /** The files that the project runs; none means that the lane is skipped. */
  readonly files: string;
  /** A command that fails, and says why, where the lane cannot run: then it is skipped. */
  readonly probe?: readonly string[];
}

export type Lane = CommandLane | TestLane;

/** What a lane did; written to `out/verify/<lane>.json`. */
export interface LaneResult {
  readonly lane: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

const npmRun = (script: string): readonly string[] => ['npm', 'run', '--silent', script];

/** Budgets are about five times what a lane takes on two cores: they catch a hang, not a busy machine. */
export const LANES: readonly Lane[] = [
  { kind: 'command', name: 'biome', budgetSeconds: 30, command: npmRun('lint') },
  { kind: 'command', name: 'tsc', budgetSeconds: 60, command: npmRun('typecheck') },
  { kind: 'command', name: 'arrows', budgetSeconds: 60, command: npmRun('arrows') },
  { kind: 'command', name: 'knip', budgetSeconds: 60, command: npmRun('knip') },
  { kind: 'tests', name: 'unit', budgetSeconds: 120, files: 'test/unit/**/*.test.ts' },
  { kind: 'tests', name: 'types', budgetSeconds: 120, files: 'test/types/**/*.test-d.ts' },
  { kind: 'tests', name: 'contract', budgetSeconds: 120, files: 'test/contract/**/*.test.ts' },
  { kind: 'tests', name: 'conformance', budgetSeconds: 180, files: 'test/conformance/**/*.test.ts' },
  { kind: 'tests', name: 'integration', budgetSeconds: 300, files: 'test/integration/**/*.test.ts' },
  { kind: 'tests', name: 'functions', budgetSeconds: 120, files: 'test/functions/**/*.test.ts' },
  { kind: 'tests', name: 'infra', budgetSeconds: 300, files: 'test/infra/**/*.test.ts' },
  {
    kind: 'tests',
    name: 'e2e',
    budgetSeconds: process.env.MILLRACE_E2E === 'full' ? 3600 : 360,
    files: 'test/e2e/**/*.test.ts',
    probe: ['node', 'test/e2e/emulator/probe.ts'],
  },
  { kind: 'tests', name: 'sim', budgetSeconds: 400, files: 'test/sim/**/*.test.ts' },
  { kind: 'tests', name: 'crash', budgetSeconds: 300, files: 'test/crash/**/*.test.ts' },
  { kind: 'tests', name: 'tidy', budgetSeconds: 120, files: 'test/tidy/**/*.test.ts' },
  { kind: 'tests', name: 'docs', budgetSeconds: 180, files: 'test/docs/**/*.test.ts' },
  { kind: 'command', name: 'pack', budgetSeconds: 180, command: npmRun('pack-check') },
];
