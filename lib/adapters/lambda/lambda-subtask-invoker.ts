import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { callAws } from '../../core/aws-failure.ts';
import { InvariantError } from '../../core/errors.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import type { SubtaskInvoker, SubtaskRequest } from '../../ports/subtask-invoker.ts';

/** What a task function is called with beside the batches of its stream. */
export interface SubtaskEvent extends SubtaskId {
  readonly millrace: SubtaskRequest['kind'];
}

export interface LambdaInvokerOptions {
  readonly client: LambdaClient;
  /** Function names by vertex id. */
  readonly functions: Readonly<Record<string, string>>;
}

/** Calls task functions without waiting for them. */
export class LambdaSubtaskInvoker implements SubtaskInvoker {
  readonly #client: LambdaClient;
  readonly #functions: LambdaInvokerOptions['functions'];

  constructor({ client, functions }: LambdaInvokerOptions) {
    this.#client = client;
    this.#functions = functions;
  }

  async invoke({ run, vertex, subtask }: SubtaskId, { kind }: SubtaskRequest): Promise<void> {
    const name = this.#functions[vertex];
    if (name === undefined) throw new InvariantError('INVARIANT', `Vertex ${vertex} has no function.`);
    const event: SubtaskEvent = { millrace: kind, run, vertex, subtask };
    const invocation = new InvokeCommand({
      FunctionName: name,
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(event)),
    });
    await callAws(`The ${kind} of ${vertex}/${subtask}`, () => this.#client.send(invocation));
  }
}
