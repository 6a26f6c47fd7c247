import { InvocationType, InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { callAws } from '../../core/aws-failure.ts';
import { InvariantError } from '../../core/errors.ts';
import { type SubtaskId, subtaskPath } from '../../core/log/subtask-id.ts';
import type { SubtaskInvoker, SubtaskRequest } from '../../ports/subtask-invoker.ts';
import { callFunction } from './function-call.ts';

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

  async invoke(id: SubtaskId, { kind }: SubtaskRequest): Promise<void> {
    const invocation = new InvokeCommand({
      FunctionName: this.#nameOf(id),
      InvocationType: InvocationType.Event,
      Payload: Buffer.from(JSON.stringify(eventOf(id, kind))),
    });
    await callAws(`The ${kind} of ${id.vertex}/${id.subtask}`, () => this.#options.client.send(invocation));
  }

  /**
   * Returns if the answer is yes. Throws UserError FUNCTION_FAILED with what the function says,
   * RetryableError IO_FAILED if it says that another try may help.
   */
  async ask(id: SubtaskId, question: TaskQuestion): Promise<void> {
    await callFunction({
      client: this.#options.patientClient,
      name: this.#nameOf(id),
      payload: eventOf(id, question),
      what: `The ${question} of ${subtaskPath(id)}`,
    });
  }

  #nameOf({ vertex }: SubtaskId): string {
    const name = this.#options.functions[vertex];
    if (name === undefined) throw new InvariantError('INVARIANT', `Vertex ${vertex} has no function.`);
    return name;
  }
}

function eventOf({ run, vertex, subtask }: SubtaskId, millrace: SubtaskEvent['millrace']): SubtaskEvent {
  return { millrace, run, vertex, subtask };
}
