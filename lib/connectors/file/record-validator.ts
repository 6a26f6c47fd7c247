import type { StandardSchemaV1 } from '@standard-schema/spec';
import { messageOf, UserError } from '../../core/errors.ts';

/** Answer of `check` for a value that the schema refuses; `reason` then says why. */
export const INVALID: unique symbol = Symbol('invalid');

const ISSUES_SHOWN = 5;

/** Validates records with a Standard Schema; what the schema answers is what enters the stream. */
export class RecordValidator<T> {
  /** Why the last value was refused. */
  reason = '';
  private readonly validate: StandardSchemaV1<unknown, T>['~standard']['validate'];
  private readonly source: string;
  private accepted = false;

  /** `source` names the source in errors. */
  constructor(schema: StandardSchemaV1<unknown, T>, source: string) {
    this.validate = schema['~standard'].validate;
    this.source = source;
  }

  /** The output of the schema, or INVALID. Throws UserError SCHEMA_ASYNC if the schema is asynchronous. */
  check(value: unknown): T | typeof INVALID {
    let result: StandardSchemaV1.Result<T> | Promise<StandardSchemaV1.Result<T>>;
    try {
      result = this.validate(value);
    } catch (thrown) {
      this.reason = `The schema threw: ${messageOf(thrown)}`;
      return INVALID;
    }
    if (result instanceof Promise) return this.refusePromise(result);
    if (result.issues === undefined) {
      this.accepted = true;
      return result.value;
    }
    this.reason = describeIssues(result.issues);
    return INVALID;
  }

  /**
   * A schema that accepted a record at once is synchronous; zod answers a promise also when user code
   * throws.
   */
  private refusePromise(result: Promise<unknown>): typeof INVALID {
    // The promise is abandoned: its failure must not end the process.
    result.catch(() => undefined);
    if (this.accepted) {
      this.reason = 'The schema threw an error or answered a promise for this record.';
      return INVALID;
    }
    throw new UserError(
      'SCHEMA_ASYNC',
      `The schema of source ${this.source} answered a promise: it validates asynchronously, or its own ` +
        'code threw. Records are validated one by one in order: use a schema without async checks or ' +
        'transforms, and do asynchronous work in AsyncDataStream.',
    );
  }
}

/** A sentence of the issues with their paths, for example `bid.price: expected number; url: required`. */
function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, ISSUES_SHOWN).map((issue) => {
    const path = describePath(issue.path ?? []);
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  const more = issues.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ');
}

function describePath(path: NonNullable<StandardSchemaV1.Issue['path']>): string {
  let text = '';
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}
