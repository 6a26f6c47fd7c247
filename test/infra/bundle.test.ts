import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, createBundle } from '../../infra/bundle.ts';
import { loadEntry } from '../../infra/entry-module.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { structureOf } from '../../lib/graph/structure.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function bundle(entryFile: string): Bundle {
  const entry = loadEntry(entryFile);
  const structure = structureOf(entry.job.createGraph());
  return createBundle({ entry, structure, path: 'Test/Job', withSecrets: false });
}

describe('the bundle of a job', () => {
  let flights: Bundle;
  beforeAll(() => {
    flights = bundle('examples/01-airport-delays/job.ts');
  });

  it('is_below_the_limit_without_the_dependencies_of_the_user', () => {
    expect(flights.frameworkBytes).toBeLessThan(LIMITS.bundleBytesMax);
    // The schema library of the example is the user's.
    expect(flights.userBytes).toBeGreaterThan(100_000);
    const counts = bundle('test/infra/jobs/counts.ts');
    expect(counts.userBytes).toBeLessThan(2000);
    expect(Math.abs(counts.frameworkBytes - flights.frameworkBytes)).toBeLessThan(20_000);
  });

  it('holds_no_embedded_runner_command_line_test_kit_or_sqlite', () => {
    const own = flights.inputs.map((input) => relative(ROOT, input));
    expect(own).toContain('lib/runtime/invocation/subtask-host.ts');
    expect(own.filter((file) => /^lib\/(local|cli|testing|adapters\/sqlite)\//.test(file))).toEqual([]);
    for (const file of readdirSync(flights.folder)) {
      expect(readFileSync(join(flights.folder, file), 'utf8')).not.toContain('node:sqlite');
    }
  });

  it('has_the_same_hash_each_time', () => {
    expect(bundle('examples/01-airport-delays/job.ts').hash).toBe(flights.hash);
  });

  it('does_not_say_where_it_was_made', () => {
    for (const file of readdirSync(flights.folder).filter((name) => name.endsWith('.mjs'))) {
      expect(readFileSync(join(flights.folder, file), 'utf8')).not.toContain(ROOT.slice(1));
    }
  });

  it('has_code_of_the_user_in_the_task_only', () => {
    const files = readdirSync(flights.folder).filter((name) => name.endsWith('.mjs'));
    const withJob = files.filter((name) =>
      readFileSync(join(flights.folder, name), 'utf8').includes('airport-delays'),
    );
    expect(withJob).toEqual(['task.mjs']);
    expect(files).toEqual(expect.arrayContaining(['coordinator.mjs', 'run-resource.mjs', 'sweeper.mjs']));
  });
});
