/** Where the job that a command is for runs: on this machine or on AWS. */
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { LocalJob, localJobs } from '../local/local-jobs.ts';
import { type AwsOptions, type CONFIG_TARGETS, readConfig } from './aws-options.ts';

export type TargetName = (typeof CONFIG_TARGETS)[number];

export interface TargetOptions extends AwsOptions {
  readonly target?: TargetName | undefined;
  /** State directory of a job on this machine. */
  readonly stateDir?: string | undefined;
}

/**
 * The target that is named; else that of the project; else this machine if it has the job, or has jobs and
 * nothing speaks of AWS.
 */
export async function targetOf(
  options: TargetOptions,
  { job, cwd }: { readonly job: string | undefined; readonly cwd: string },
): Promise<TargetName> {
  if (options.target !== undefined) return options.target;
  if (options.stateDir !== undefined) return 'local';
  const config = await readConfig(cwd);
  if (config.target !== undefined) return config.target;
  if (speaksOfAws(options)) return 'aws';
  const jobs = localJobs(cwd);
  if (job !== undefined && jobs.some(({ name }) => name === job)) return 'local';
  const { AWS_PROFILE: profile, AWS_REGION: region = process.env.AWS_DEFAULT_REGION } = process.env;
  return jobs.length > 0 && !speaksOfAws(config) && !speaksOfAws({ profile, region }) ? 'local' : 'aws';
}

function speaksOfAws({ stack, profile, region, endpoint }: AwsOptions): boolean {
  return [stack, profile, region, endpoint].some((setting) => setting !== undefined);
}

/** The job of that name on this machine, or the only one. Throws UserError JOB_NOT_FOUND. */
export function localJob(
  { stateDir }: TargetOptions,
  { job, cwd }: { readonly job: string | undefined; readonly cwd: string },
): LocalJob {
  if (stateDir !== undefined) return new LocalJob(resolve(cwd, stateDir));
  const jobs = localJobs(cwd);
  const named = job === undefined ? jobs : jobs.filter(({ name }) => name === job);
  const [found, another] = named;
  if (found !== undefined && another === undefined) return found;
  const names = jobs.map(({ name }) => name).join(', ');
  const what = job === undefined ? 'Say which job is meant' : `There is no job '${job}' on this machine`;
  const choice =
    names === '' ? `no job has been run in ${cwd}` : `${join(cwd, '.millrace')} has the state of ${names}`;
  throw new UserError(
    'JOB_NOT_FOUND',
    `${what}: ${choice}. Another state directory is named by --state-dir.`,
  );
}

/** A new folder for a savepoint, absolute: below `parent` or in the state directory. */
export function savepointFolder(
  job: LocalJob,
  { parent, cwd, now }: { readonly parent: string | undefined; readonly cwd: string; readonly now: number },
): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\..*/g, '');
  const name = `savepoint-${time}-${randomBytes(3).toString('hex')}`;
  return resolve(parent === undefined ? join(job.stateDir, 'savepoints') : resolve(cwd, parent), name);
}
