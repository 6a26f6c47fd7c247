/** A procedure of a deployed job: a state machine that somebody starts and waits for. */
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionAlreadyExists,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { callAws } from '../../core/aws-failure.ts';
import { RetryableError, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';

export interface StateMachinePorts {
  readonly client: SFNClient;
  readonly clock: Clock;
}

/** An execution that is to be. */
export interface ExecutionRequest {
  /** Names it: the same name starts nothing twice. At most 80 characters. */
  readonly name: string;
  readonly input: unknown;
  /** How long it is waited for. Unit: ms. @default LIMITS.executionMsMax */
  readonly msMax?: number;
}

/** What an execution answers. */
export type ExecutionOutput = Readonly<Record<string, unknown>>;

export class StateMachine {
  readonly #ports: StateMachinePorts;
  readonly #arn: string;

  constructor(ports: StateMachinePorts, arn: string) {
    this.#ports = ports;
    this.#arn = arn;
  }

  /**
   * Runs an execution to its end, or waits for the one of that name; its output.
   *
   * Throws UserError EXECUTION_FAILED with its cause, RetryableError IO_FAILED if it takes longer than it is
   * waited for: it goes on, and another call waits for it again.
   */
  async run({ name, input, msMax = LIMITS.executionMsMax }: ExecutionRequest): Promise<ExecutionOutput> {
    const { clock } = this.#ports;
    const until = clock.now() + msMax;
    const executionArn = await this.#start(name, input);
    for (;;) {
      const output = this.#outputOf(await this.#look(executionArn));
      if (output !== undefined) return output;
      if (clock.now() >= until) {
        throw new RetryableError(
          'IO_FAILED',
          `${executionArn} takes longer than ${msMax / 1000} s; it goes on.`,
        );
      }
      await clock.sleep(LIMITS.executionPauseMs);
    }
  }

  async #start(name: string, input: unknown): Promise<string> {
    const { client } = this.#ports;
    const start = new StartExecutionCommand({
      stateMachineArn: this.#arn,
      name,
      input: JSON.stringify(input),
    });
    try {
      const { executionArn = '' } = await callAws(`The start of ${this.#arn}`, () => client.send(start));
      return executionArn;
    } catch (error) {
      // While it runs, a name with the same input is no failure on AWS; emulators differ.
      if (!(error instanceof Error && error.cause instanceof ExecutionAlreadyExists)) throw error;
      return `${this.#arn.replace(':stateMachine:', ':execution:')}:${name}`;
    }
  }

  #look(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    const { client } = this.#ports;
    return callAws(`The look at ${executionArn}`, () =>
      client.send(new DescribeExecutionCommand({ executionArn })),
    );
  }

  /** Undefined while it runs. */
  #outputOf({
    executionArn,
    status,
    output = '{}',
    error = '',
    cause = '',
  }: DescribeExecutionCommandOutput): ExecutionOutput | undefined {
    if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return undefined;
    // The machines of a job answer objects.
    if (status === 'SUCCEEDED') return JSON.parse(output) as ExecutionOutput;
    const reason = causeText(cause) || error || 'it gives no reason';
    throw new UserError('EXECUTION_FAILED', `${executionArn} is ${status}: ${reason}`);
  }
}

/** What a function threw is JSON in the cause; other causes are text. */
function causeText(cause: string): string {
  try {
    const { errorMessage }: { errorMessage?: string } = JSON.parse(cause);
    return errorMessage ?? cause;
  } catch {
    return cause;
  }
}
