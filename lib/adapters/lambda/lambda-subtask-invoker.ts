import {
  InvocationType,
  InvokeCommand,
  type InvokeCommandOutput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { callAws } from '../../core/aws-failure.ts';
import { InvariantError, RetryableError, UserError } from '../../core/errors.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { SubtaskInvoker, SubtaskRequest } from '../../ports/subtask-invoker.ts';

/**
 * What a task function is asked and answers: whether it can be loaded with its code and plan (`probe`), and
 * whether a subtask of the run can be loaded with its state (`load`). Neither commits anything.
 */
export type TaskQuestion = 'probe' | 'load';

/** What a task function is called with beside the batches of its stream. */
export interface SubtaskEvent extends SubtaskId {
  readonly millrace: SubtaskRequest['kind'] | TaskQuestion;
}

export interface LambdaInvokerOptions {
  readonly client: LambdaClient;
  /** Waits as long as a function may take. */
  readonly patientClient: LambdaClient;
  /** Function names by vertex id. */
  readonly functions: Readonly<Record<string, string>>;
}

/** Calls task functions: requests without waiting for them, questions until they are answered. */
export class LambdaSubtaskInvoker implements SubtaskInvoker {
  readonly #options: LambdaInvokerOptions;

  constructor(options: LambdaInvokerOptions) {
    this.#options = options;
  }

  async invoke(subtask: SubtaskId, { kind }: SubtaskRequest): Promise<void> {
    await this.#call(subtask, { kind, type: InvocationType.Event, client: this.#options.client });
  }

  /**
   * Returns if the answer is yes. Throws UserError FUNCTION_FAILED with what the function says,
   * RetryableError IO_FAILED if it says that another try may help.
   */
  async ask(subtask: SubtaskId, question: TaskQuestion): Promise<void> {
    const call = {
      kind: question,
      type: InvocationType.RequestResponse,
      client: this.#options.patientClient,
    };
    const { FunctionError, Payload } = await this.#call(subtask, call);
    if (FunctionError === undefined) return;
    const { errorType, errorMessage } = parseFailure(Payload);
    const text = `${subtaskPath(subtask)} cannot be loaded: ${errorMessage}`;
    if (errorType === 'RetryableError' || errorType === 'FencedError') {
      throw new RetryableError('IO_FAILED', text);
    }
    throw new UserError('FUNCTION_FAILED', text);
  }

  #call(
    { run, vertex, subtask }: SubtaskId,
    {
      kind,
      type,
      client,
    }: {
      readonly kind: SubtaskEvent['millrace'];
      readonly type: InvocationType;
      readonly client: LambdaClient;
    },
  ): Promise<InvokeCommandOutput> {
    const name = this.#options.functions[vertex];
    if (name === undefined) throw new InvariantError('INVARIANT', `Vertex ${vertex} has no function.`);
    const event: SubtaskEvent = { millrace: kind, run, vertex, subtask };
    const invocation = new InvokeCommand({
      FunctionName: name,
      InvocationType: type,
      Payload: Buffer.from(JSON.stringify(event)),
    });
    return callAws(`The ${kind} of ${vertex}/${subtask}`, () => client.send(invocation));
  }
}

/** What Lambda says of an error that a function threw. */
function parseFailure(payload: Uint8Array | undefined): {
  readonly errorType: string | undefined;
  readonly errorMessage: string;
} {
  const text = Buffer.from(payload ?? []).toString();
  try {
    const { errorType, errorMessage }: { errorType?: string; errorMessage?: string } = JSON.parse(text);
    return { errorType, errorMessage: errorMessage ?? text };
  } catch {
    // A function that was stopped leaves no JSON.
    return { errorType: undefined, errorMessage: text };
  }
}
