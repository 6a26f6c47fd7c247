/** Finds deployed jobs by the outputs of their stacks. */
import { UserError } from '../core/errors.ts';

/** A job as the outputs of its stack name it. */
export interface DeployedJobNames {
  /** Name under which it keeps its records. */
  readonly job: string;
  readonly stack: string;
  readonly coordinator: string;
  /** Undefined for a job without a source that reads a stream. */
  readonly deadLetterRetry: string | undefined;
  readonly machines: Readonly<Record<MachineName, string>>;
}

export type MachineName = (typeof MACHINES)[number];

const MACHINES = ['Checkpoint', 'Savepoint', 'Stop', 'Restore'] as const;

interface StackOutputs {
  readonly stack: string;
  readonly outputs: ReadonlyMap<string, string>;
}

/** CDK puts a hash behind the path of an output. */
const JOB_NAME_OUTPUT = /^(.*)JobName[0-9A-F]{8}$/;

/** The jobs of stacks, by their names; a stack without jobs has none. */
export function jobsOfStacks(stacks: readonly StackOutputs[]): readonly DeployedJobNames[] {
  const jobs = stacks.flatMap(({ stack, outputs }) =>
    [...outputs].flatMap(([name, job]) => {
      const construct = JOB_NAME_OUTPUT.exec(name)?.[1];
      const found = construct === undefined ? undefined : namesIn(outputs, construct);
      return found === undefined ? [] : [{ ...found, job, stack }];
    }),
  );
  return jobs.toSorted((a, b) => (a.job < b.job ? -1 : 1));
}

/** Undefined for an output that only looks like that of a job. */
function namesIn(
  outputs: StackOutputs['outputs'],
  construct: string,
): Omit<DeployedJobNames, 'job' | 'stack'> | undefined {
  const output = (id: string): string | undefined =>
    [...outputs].find(([name]) => new RegExp(`^${construct}${id}[0-9A-F]{8}$`).test(name))?.[1];
  const coordinator = output('CoordinatorName');
  const arns = MACHINES.map((machine) => [machine, output(`${machine}Arn`)] as const);
  if (coordinator === undefined || arns.some(([, arn]) => arn === undefined)) return undefined;
  // All are there, as was just looked at.
  const machines = Object.fromEntries(arns) as Record<MachineName, string>;
  return { coordinator, machines, deadLetterRetry: output('DeadLetterRetryName') };
}

/**
 * The job of that name, or the only one if none is named.
 *
 * Throws UserError JOB_NOT_FOUND with the names of those that there are.
 */
export function chooseJob(jobs: readonly DeployedJobNames[], name: string | undefined): DeployedJobNames {
  const chosen = name === undefined ? jobs : jobs.filter(({ job }) => job === name);
  const [only, another] = chosen;
  if (only !== undefined && another === undefined) return only;
  const known = jobs.length === 0 ? 'there is none' : `there are ${jobs.map(({ job }) => job).join(', ')}`;
  throw new UserError(
    'JOB_NOT_FOUND',
    name === undefined
      ? `Which job? Name one: ${known} in this account and region.`
      : `No job '${name}' is deployed: ${known} in this account and region. Look at --stack, --region and ` +
          '--profile.',
  );
}
