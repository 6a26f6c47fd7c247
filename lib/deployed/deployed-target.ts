/** What people do with deployed jobs: through their state machines and their coordinator. */
import { randomUUID } from 'node:crypto';
import { cloudFormationClient } from '../adapters/cloudformation/cloud-formation-client.ts';
import { readStackOutputs } from '../adapters/cloudformation/stack-outputs.ts';
import { callFunction } from '../adapters/lambda/function-call.ts';
import { patientLambdaClient } from '../adapters/lambda/lambda-client.ts';
import { type ExecutionOutput, StateMachine } from '../adapters/stepfunctions/state-machine.ts';
import { stepFunctionsClient } from '../adapters/stepfunctions/step-functions-client.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import type { CheckpointReport, JobReport } from '../coordinator/job-report.ts';
import { UserError } from '../core/errors.ts';
import { chooseJob, type DeployedJobNames, jobsOfStacks, type MachineName } from './deployed-jobs.ts';

/** How a job is stopped: with a savepoint; with all windows fired, for good; or just so. */
export type StopMode = 'savepoint' | 'drain' | 'plain';

/** A dead letter as it is listed. */
export interface ListedLetter {
  readonly name: string;
  readonly operator: string;
  readonly code: string;
  /** The record, maybe cut. */
  readonly raw: string;
}

export interface DeployedTargetOptions {
  /** Only jobs of this stack. @default - of all stacks in account and region */
  readonly stack?: string | undefined;
}

/** The jobs of an account and region; clients are configured as the AWS SDK does it, by the environment. */
export class DeployedTarget {
  readonly #options: DeployedTargetOptions;

  constructor(options: DeployedTargetOptions) {
    this.#options = options;
  }

  /** Throws UserError AWS_RESOURCE_MISSING for a stack that is not there. */
  async list(): Promise<readonly DeployedJobNames[]> {
    return jobsOfStacks(await readStackOutputs(cloudFormationClient(), this.#options.stack));
  }

  /** The job of that name, or the only one. Throws UserError JOB_NOT_FOUND. */
  async job(name: string | undefined): Promise<DeployedJob> {
    return new DeployedJob(chooseJob(await this.list(), name));
  }
}

/** One deployed job. What it does throws UserError EXECUTION_FAILED or FUNCTION_FAILED with the reason. */
export class DeployedJob {
  readonly names: DeployedJobNames;

  constructor(names: DeployedJobNames) {
    this.names = names;
  }

  async status(): Promise<JobReport> {
    // What the coordinator of the same release answers.
    return (await this.#ask({ step: 'status' }, 'The status')) as JobReport;
  }

  async checkpoints(): Promise<readonly CheckpointReport[]> {
    // As above.
    const answer = (await this.#ask({ step: 'checkpoints' }, 'The list of checkpoints')) as {
      readonly checkpoints: readonly CheckpointReport[];
    };
    return answer.checkpoints;
  }

  /** Takes a savepoint; the job goes on. Its path. */
  async savepoint(): Promise<string> {
    const { kind, manifest } = await this.#run('Savepoint', {});
    if (typeof manifest === 'string') return manifest;
    throw new UserError(
      'EXECUTION_FAILED',
      `Job ${this.names.job} has taken no savepoint: ${kind}. Is it running?`,
    );
  }

  /** Stops the job; the path of the savepoint, if it has taken one. */
  async stop(mode: StopMode): Promise<string | undefined> {
    const { savepoint } = await this.#run('Stop', { mode });
    return typeof savepoint === 'string' ? savepoint : undefined;
  }

  /** Goes on where the job stopped, or where a checkpoint or savepoint of it was taken. Id of the new run. */
  async restore(from: string | undefined): Promise<string> {
    const { run } = await this.#run('Restore', from === undefined ? {} : { from });
    return String(run);
  }

  /** The first dead letters, and whether there are more. */
  async deadLetters(
    limit: number,
  ): Promise<{ readonly letters: readonly ListedLetter[]; readonly more: boolean }> {
    // As above.
    return (await this.#ask({ step: 'dead-letters', limit }, 'The list of dead letters')) as {
      readonly letters: readonly ListedLetter[];
      readonly more: boolean;
    };
  }

  /** Deletes dead letters, as many as one call reads. */
  async dropDeadLetters(): Promise<{ readonly dropped: number; readonly more: boolean }> {
    // As above.
    return (await this.#ask({ step: 'drop-dead-letters' }, 'The removal of dead letters')) as {
      readonly dropped: number;
      readonly more: boolean;
    };
  }

  /** Has dead letters of sources processed again. Throws UserError ARGUMENT_INVALID if no source can. */
  async retryDeadLetters(): Promise<{ readonly fed: number; readonly kept: number; readonly more: boolean }> {
    const { job, deadLetterRetry } = this.names;
    if (deadLetterRetry === undefined) {
      throw new UserError(
        'ARGUMENT_INVALID',
        `Job ${job} reads no stream to which dead letters could be fed again. Look at them and drop them.`,
      );
    }
    const call = { client: patientLambdaClient(), name: deadLetterRetry, payload: {} };
    // What that function answers.
    return (await callFunction({ ...call, what: 'The retry of dead letters' })) as {
      readonly fed: number;
      readonly kept: number;
      readonly more: boolean;
    };
  }

  #run(machine: MachineName, input: unknown): Promise<ExecutionOutput> {
    const ports = { client: stepFunctionsClient(), clock: systemClock };
    return new StateMachine(ports, this.names.machines[machine]).run({ name: randomUUID(), input });
  }

  #ask(payload: unknown, what: string): Promise<unknown> {
    return callFunction({ client: patientLambdaClient(), name: this.names.coordinator, payload, what });
  }
}
