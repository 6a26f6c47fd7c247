import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, checkFrameworkBytes, createBundle } from '../../infra/bundle.ts';
import { loadEntry } from '../../infra/entry-module.ts';
import { Sinks, Sources } from '../../infra/index.ts';
import { unusedPackages } from '../../infra/unused-packages.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { structureOf } from '../../lib/graph/structure.ts';
import { addCounts, createStack, type JobStack } from './job-stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const KINESIS_TO_S3 = { in: { kind: 'kinesis-source' }, out: { kind: 's3-sink' } } as const;

function bundle(entryFile: string, bindings: Parameters<typeof unusedPackages>[1] = KINESIS_TO_S3): Bundle {
  const entry = loadEntry(entryFile);
  const graph = entry.job.createGraph();
  const unused = unusedPackages(graph, bindings);
  return createBundle({ entry, structure: structureOf(graph), path: 'Test/Job', withSecrets: false, unused });
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

  it('is_refused_above_the_limit', () => {
    expect(() => checkFrameworkBytes(LIMITS.bundleBytesMax, 'Test/Job')).not.toThrow();
    expect(() => checkFrameworkBytes(LIMITS.bundleBytesMax + 1, 'Test/Job')).toThrow(
      /Test\/Job.*the bundle has 1500001 bytes, more than 1500000/,
    );
  });

  it('leaves_out_packages_of_formats_and_bindings_that_the_job_has_none_of', () => {
    const packages = (made: Bundle) =>
      made.inputs.filter((input) => /hyparquet|kinesis-agg|client-sqs/.test(input));
    expect(packages(flights).join()).toMatch(/kinesis-agg/);
    expect(packages(flights).join()).not.toMatch(/hyparquet|client-sqs/);
    const queue = bundle('test/infra/jobs/counts.ts', { out: { kind: 'sqs-sink' } });
    expect(packages(queue).join()).toMatch(/client-sqs/);
    expect(packages(queue).join()).not.toMatch(/kinesis-agg/);
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

/** What synthesis prints of a bundle. Unit: bytes. */
function printedShares(props: Parameters<typeof addCounts>[1], { stack, ...rest }: JobStack = createStack()) {
  addCounts({ stack, ...rest }, props);
  const [info] = Annotations.fromStack(stack).findInfo('/Test/Counts', Match.anyValue());
  const sizes = /^Bundle: (\d+) bytes of Millrace, (\d+) bytes of the job and what it imports[.]$/.exec(
    String(info?.entry.data),
  );
  return { framework: Number(sizes?.[1]), user: Number(sizes?.[2]) };
}

it('synthesis_prints_the_share_of_the_job_and_of_what_it_imports_in_the_bundle', () => {
  const alone = printedShares({});
  expect(alone.framework).toBeLessThan(LIMITS.bundleBytesMax);
  expect(alone.user).toBeGreaterThan(0);
  expect(alone.user).toBeLessThan(2000);
  const parts = createStack();
  const late = Sinks.s3(parts.output, 'late/');
  const bindings = { flights: Sources.kinesis(parts.input), hourly: late, late };
  const withSchemas = printedShares({ entry: 'examples/01-airport-delays/job.ts', bindings }, parts);
  expect(withSchemas.user).toBeGreaterThan(100_000);
  expect(Math.abs(withSchemas.framework - alone.framework)).toBeLessThan(20_000);
});
