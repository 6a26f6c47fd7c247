import { describe, expect, it } from 'vitest';
import { errorAsData, formatError } from '../../../lib/cli/error-report.ts';
import { UserError } from '../../../lib/core/errors.ts';

const copy = {
  root: '/opt/millrace',
  version: '1.0.0',
  entries: new Map(),
  dependencies: [],
  companions: new Map(),
  isOwnFile: () => false,
};
const options = { cwd: '/home/me/project', copy, verbose: false };

describe('an error report', () => {
  it('begins with the code and the message', () => {
    expect(formatError(new UserError('SINK_INVALID', 'The sink is wrong.'), options)).toBe(
      'error SINK_INVALID: The sink is wrong.',
    );
  });

  it('adds the operator, the place, the record and the cause that the message leaves out', () => {
    const error = new UserError('FUNCTION_FAILED', "Operator 'a' failed.", {
      cause: new TypeError('x is not a function'),
      context: { operatorUid: 'a', location: '/home/me/project/job.ts:3:4', position: 'in.ndjson:17' },
    });

    expect(formatError(error, options).split('\n')).toEqual([
      "error FUNCTION_FAILED: Operator 'a' failed.",
      '  at: job.ts:3:4',
      '  record: in.ndjson:17',
      expect.stringContaining('  cause: TypeError: x is not a function'),
    ]);
  });

  it('shortens paths of the project and no others', () => {
    const message = '/home/me/project/job.ts and /mnt/home/me/project/job.ts and (/home/me/project/out)';

    expect(formatError(new UserError('SINK_INVALID', message), options)).toBe(
      'error SINK_INVALID: job.ts and /mnt/home/me/project/job.ts and (out)',
    );
  });

  it('has stacks only when verbose', () => {
    const error = new UserError('IO_FAILED', 'No.', { cause: new Error('why') });

    expect(formatError(error, options)).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    expect(formatError(error, { ...options, verbose: true })).toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  });

  it('takes what is no error of Millrace', () => {
    expect(formatError('gone', options)).toBe('error: gone');
    expect(formatError(new RangeError('far'), options)).toBe('error: far');
    expect(errorAsData('gone')).toEqual({ message: 'gone' });
  });

  it('is plain data for machines', () => {
    const error = new UserError('FUNCTION_FAILED', 'No.', {
      cause: new Error('why'),
      context: { operatorUid: 'a', position: 'p' },
    });

    expect(errorAsData(error)).toEqual({
      code: 'FUNCTION_FAILED',
      message: 'No.',
      operatorUid: 'a',
      position: 'p',
      cause: 'why',
    });
  });
});
