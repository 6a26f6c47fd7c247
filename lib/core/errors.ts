/**
 * One base error, families named by the reaction they ask for, and one table of codes.
 * docs/errors.md explains every code.
 */

/** Every error code with the family that reacts to it. */
export const ERROR_CODES = {
  DURATION_INVALID: 'user',
  GRAPH_INVALID: 'user',
  GRAPH_NOT_DETERMINISTIC: 'user',
  UID_MISSING: 'user',
  UID_DUPLICATE: 'user',
  FORWARD_PARALLELISM: 'user',
  SIDE_OUTPUT_UNKNOWN: 'user',
  JOB_WITHOUT_SINK: 'user',
  PARALLELISM_INVALID: 'user',
  FUNCTION_SHARED: 'user',
  FUNCTION_INVALID: 'user',
  WINDOW_INVALID: 'user',
  TRIGGER_INVALID: 'user',
  STATE_NAME_CONFLICT: 'user',
  STATE_VALUE_INVALID: 'user',
  STATE_WITHOUT_KEY: 'user',
  STATE_MUTATED: 'user',
  STATE_INCOMPATIBLE: 'user',
  STATE_CORRUPT: 'user',
  STATE_FORMAT_UNSUPPORTED: 'user',
  STATE_DIR_UNUSABLE: 'user',
  STATE_DIR_FULL: 'user',
  STATE_DIR_FOREIGN: 'user',
  STATE_DIR_LOCKED: 'user',
  STATE_NOT_RESTORED: 'user',
  SAVEPOINT_NOT_FOUND: 'user',
  CONFIRMATION_MISSING: 'user',
  OUTPUT_TAG_INVALID: 'user',
  SCHEMA_ASYNC: 'user',
  SOURCE_NOT_FOUND: 'user',
  SOURCE_INVALID: 'user',
  SINK_INVALID: 'user',
  SINK_NOT_EMPTY: 'user',
  JOB_MODULE_INVALID: 'user',
  JOB_NOT_FOUND: 'user',
  PACKAGE_MISSING: 'user',
  AWS_ACCESS_DENIED: 'user',
  AWS_REFUSED: 'user',
  AWS_RESOURCE_MISSING: 'user',
  JOB_NOT_DEPLOYABLE: 'user',
  BINDING_INVALID: 'user',
  BUNDLE_INVALID: 'user',
  EXECUTION_FAILED: 'user',
  ARGUMENT_INVALID: 'user',
  FUNCTION_FAILED: 'user',
  IO_FAILED: 'retryable',
  TIME_OVER: 'retryable',
  CHECKPOINT_UNUSABLE: 'user',
  RUN_FENCED: 'fenced',
  RECORD_UNPARSABLE: 'record',
  RECORD_INVALID: 'record',
  RECORD_TOO_LONG: 'record',
  RECORD_ENCODING: 'record',
  TIMESTAMP_INVALID: 'record',
  KEY_INVALID: 'record',
  CAPACITY_EXCEEDED: 'invariant',
  INVARIANT: 'invariant',
} as const;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Where an error happened; every field is optional because errors arise at every layer. */
export interface ErrorContext {
  readonly jobName?: string;
  readonly operatorUid?: string;
  readonly operatorName?: string;
  readonly subtask?: number;
  readonly position?: string;
  readonly location?: string;
  readonly stateName?: string;
}

/**
 * Base of every error that Millrace throws.
 *
 * `message` says what happened, with ids and values, then what to do. Recognise errors by `code`.
 */
export class StreamError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly context?: ErrorContext; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.context = options.context ?? {};
  }
}

/** The job, its configuration or its input folder is wrong: the user can mend it; retrying cannot. */
export class UserError extends StreamError {}

/** A passing fault of a store or a device: the same call may succeed later. */
export class RetryableError extends StreamError {}

/** Somebody else owns the work now (or it was cancelled): stop, never retry. */
export class FencedError extends StreamError {}

/** One record cannot be processed: it goes to the dead letters, the job goes on. */
export class RecordError extends StreamError {}

/** A rule of Millrace itself is broken: a defect to report. */
export class InvariantError extends StreamError {}

/** Closes a `switch` over a union: a new member that is not handled no longer compiles. */
export function assertNever(value: never): never {
  throw new InvariantError('INVARIANT', `Unexpected value ${JSON.stringify(value)}.`);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** True if `thrown` is an error of Millrace, also one made by another copy of the package. */
export function isStreamError(thrown: unknown): thrown is StreamError {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    thrown.code in ERROR_CODES
  );
}
