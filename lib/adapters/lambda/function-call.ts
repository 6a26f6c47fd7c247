/** A call of a function that is waited for. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { callAws } from '../../core/aws-failure.ts';
import { RetryableError, UserError } from '../../core/errors.ts';

export interface FunctionCall {
  /** Waits as long as the function may take. */
  readonly client: LambdaClient;
  readonly name: string;
  readonly payload: unknown;
  /** What is asked of it, as errors tell: completes "… failed". */
  readonly what: string;
}

/**
 * What a function answers.
 *
 * Throws UserError FUNCTION_FAILED with what the function says, RetryableError IO_FAILED if it says that
 * another try may help.
 */
export async function callFunction({ client, name, payload, what }: FunctionCall): Promise<unknown> {
  const invocation = new InvokeCommand({
    FunctionName: name,
    Payload: Buffer.from(JSON.stringify(payload)),
  });
  const { FunctionError, Payload = [] } = await callAws(what, () => client.send(invocation));
  const text = Buffer.from(Payload).toString();
  if (FunctionError === undefined) return text === '' ? undefined : JSON.parse(text);
  const { errorType, errorMessage } = parseFailure(text);
  const message = `${what} failed: ${errorMessage}`;
  if (errorType === 'RetryableError' || errorType === 'FencedError') {
    throw new RetryableError('IO_FAILED', message);
  }
  throw new UserError('FUNCTION_FAILED', message);
}

/** What Lambda says of an error that a function threw. */
function parseFailure(text: string): {
  readonly errorType: string | undefined;
  readonly errorMessage: string;
} {
  try {
    const { errorType, errorMessage }: { errorType?: string; errorMessage?: string } = JSON.parse(text);
    return { errorType, errorMessage: errorMessage ?? text };
  } catch {
    // A function that was stopped leaves no JSON.
    return { errorType: undefined, errorMessage: text };
  }
}
