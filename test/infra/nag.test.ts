import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, expect, it } from 'vitest';
import { ALL_BINDINGS, addBound } from './all-bindings.ts';
import { addCounts, createStack, type JobStack } from './job-stack.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath?: string }[];
    }[];
  }[];
}

// A failed validation makes the exit code of the process that synthesises.
afterEach(() => {
  process.exitCode = 0;
});

/** Findings below the job, as `rule path`. */
function findings({ app }: JobStack): readonly string[] {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  let outdir: string;
  try {
    outdir = app.synth().directory;
  } catch {
    outdir = app.outdir;
  }
  // The report is what the validation of CDK writes.
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  return report.pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath = '' }) => `${ruleName} ${constructPath}`),
    );
}

it('a_job_has_no_finding_of_aws_solutions', () => {
  const parts = createStack();
  addCounts(parts, { stateBackend: 'table', dashboard: true });
  const all = findings(parts);
  // The bucket of the test is no part of the job: the checks have run.
  expect(all.some((finding) => finding.includes('Test/Output'))).toBe(true);
  expect(all.filter((finding) => finding.includes('Test/Counts'))).toEqual([]);
});

it.each(Object.keys(ALL_BINDINGS))('nor_has_one_that_is_bound_to_%s_with_a_key', (name) => {
  const parts = createStack();
  addBound(parts, name);
  expect(findings(parts).filter((finding) => finding.includes('Test/Counts'))).toEqual([]);
});

it('nor_has_one_with_secrets_in_a_network', () => {
  const parts = createStack();
  addCounts(parts, {
    vpc: Vpc.fromVpcAttributes(parts.stack, 'Network', {
      ...{
        vpcId: 'vpc-0123456789abcdef0',
        availabilityZones: ['a'],
        privateSubnetIds: ['subnet-0123456789abcdef0'],
      },
    }),
    secrets: { API_KEY: new Secret(parts.stack, 'ApiKey') },
  });
  expect(findings(parts).filter((finding) => finding.includes('Test/Counts'))).toEqual([]);
});

it('nor_has_a_job_with_a_key', () => {
  const parts = createStack();
  addCounts(parts, { encryptionKey: new Key(parts.stack, 'Key', { enableKeyRotation: true }) });
  expect(findings(parts).filter((finding) => finding.includes('Test/Counts'))).toEqual([]);
});
