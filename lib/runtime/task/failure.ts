/** How a failure of user code is told: which operator, where it was made, on which record, why. */
import { InvariantError, isStreamError, messageOf, type StreamError, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { NO_TIMESTAMP } from '../../core/time.ts';
import type { DeadLetter } from '../../ports/dead-letters.ts';
import type { OperatorIdentity } from '../operator.ts';

/**
 * An exception raised while a watermark fired timers: no single record is to blame, so none is
 * dead-lettered.
 */
export class FiringFailure extends Error {
  constructor(cause: unknown) {
    super('a timer or window failed', { cause });
  }
}

/** The error a job ends with when user code of `operator` threw `thrown` at `position`. */
export function failureOf(
  thrown: unknown,
  operator: OperatorIdentity | undefined,
  position: string,
): StreamError {
  const cause = thrown instanceof FiringFailure ? thrown.cause : thrown;
  if (isStreamError(cause) && (operator === undefined || tellsItsPlace(cause))) return cause;
  if (operator === undefined) return new InvariantError('INVARIANT', messageOf(cause), { cause });
  return new UserError(
    'FUNCTION_FAILED',
    `Operator ${labelOf(operator)}, made at ${operator.location}, failed on ${position}: ${messageOf(cause)}`,
    {
      cause,
      context: {
        operatorName: operator.operatorName,
        location: operator.location,
        position,
        ...(operator.operatorUid === undefined ? {} : { operatorUid: operator.operatorUid }),
      },
    },
  );
}

/** The dead letter of a record on which user code of `operator` threw. */
export function deadLetterOf(
  thrown: unknown,
  record: { readonly value: unknown; readonly timestamp: number; readonly position: string },
  operator: OperatorIdentity,
): DeadLetter {
  return {
    operator: operator.operatorUid ?? operator.operatorName,
    code: isStreamError(thrown) ? thrown.code : 'FUNCTION_FAILED',
    reason: messageOf(thrown),
    position: record.position,
    ...(record.timestamp === NO_TIMESTAMP ? {} : { timestamp: record.timestamp }),
    raw: textOf(record.value),
  };
}

/** Errors of connectors name the file or folder, those of state the state: more than the operator. */
function tellsItsPlace(error: StreamError): boolean {
  const { code } = error;
  return error instanceof InvariantError || code === 'STATE_INCOMPATIBLE' || /^(SOURCE|SINK|IO)_/.test(code);
}

function labelOf({ operatorName, operatorUid }: OperatorIdentity): string {
  return operatorUid === undefined || operatorUid === operatorName
    ? `'${operatorName}'`
    : `'${operatorName}' (uid '${operatorUid}')`;
}

/** A record as text for people, cut at LIMITS.deadLetterRawBytesMax characters. */
export function textOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
  } catch (error) {
    text = `<a record that JSON cannot show: ${messageOf(error)}>`;
  }
  return (text ?? String(value)).slice(0, LIMITS.deadLetterRawBytesMax);
}
