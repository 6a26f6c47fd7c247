/** What the failures of AWS calls mean to their callers. */
import { messageOf, RetryableError, UserError } from './errors.ts';

const DENIED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'KMSAccessDeniedException',
  'KmsAccessDenied',
  'UnrecognizedClientException',
]);

const MISSING: ReadonlySet<string> = new Set([
  'NoSuchBucket',
  'ResourceNotFoundException',
  'QueueDoesNotExist',
]);

/** Client faults that pass: the service asks for patience. */
const PASSING: ReadonlySet<string> = new Set([
  'ConditionalRequestConflict',
  'EC2ThrottledException',
  'KMSThrottlingException',
  'KmsThrottled',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeout',
  'SlowDown',
  'ThrottledException',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);

/**
 * Runs an AWS call. `what` completes "… failed".
 *
 * Throws RetryableError IO_FAILED if it passes, or if nobody knows whether it took effect; UserError
 * AWS_ACCESS_DENIED, AWS_RESOURCE_MISSING or AWS_REFUSED if repeating it will not help.
 */
export async function callAws<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw awsFailure(what, error);
  }
}

/** The error as this project knows it. */
function awsFailure(what: string, error: unknown): RetryableError | UserError {
  const name = error instanceof Error ? error.name : '';
  const text = `${what} failed: ${name === '' ? '' : `${name}: `}${messageOf(error)}`;
  if (DENIED.has(name)) {
    return new UserError('AWS_ACCESS_DENIED', `${text} Give the role of the function this permission.`, {
      cause: error,
    });
  }
  if (MISSING.has(name)) {
    return new UserError('AWS_RESOURCE_MISSING', `${text} Deploy the job again.`, { cause: error });
  }
  if (faultOf(error) === 'client' && !isPassing(name)) {
    return new UserError('AWS_REFUSED', text, { cause: error });
  }
  return new RetryableError('IO_FAILED', text, { cause: error });
}

/** True if the service refused because a condition did not hold. */
export function isFailedCondition(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return name === 'ConditionalCheckFailedException' || name === 'PreconditionFailed';
}

/** True for the code of a refusal that the service takes back when it has less to do. */
export function isPassing(code: string): boolean {
  return PASSING.has(code);
}

function faultOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && '$fault' in error ? error.$fault : undefined;
}
