import { describe, expect, it } from 'vitest';
import { contentError, fileError } from '../../../../lib/connectors/file/file-error.ts';
import { RetryableError, UserError } from '../../../../lib/core/errors.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

describe('the error of a file', () => {
  it('is the mistake of a user where waiting does not help', () => {
    for (const code of ['EACCES', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT']) {
      const error = fileError(systemError(code), 'write', 'out/x');
      expect(error).toBeInstanceOf(UserError);
      expect(error.code).toBe('SINK_INVALID');
      expect(error.message).toContain(`Could not write out/x: ${code}: it failed.`);
      expect(error.context.location).toBe('out/x');
    }
    expect(fileError(systemError('EACCES'), 'read', 'in').code).toBe('SOURCE_INVALID');
    expect(fileError(systemError('ENOENT'), 'read', 'in').code).toBe('SOURCE_NOT_FOUND');
  });

  it('is a passing fault of the device otherwise, with advice', () => {
    const crowded = fileError(systemError('EMFILE'), 'write', 'out/x');
    expect(crowded).toBeInstanceOf(RetryableError);
    expect(crowded).toMatchObject({ code: 'IO_FAILED', message: expect.stringContaining('ulimit -n') });
    expect(fileError(systemError('EIO'), 'read', 'in').message).toContain('Check the device');
    expect(fileError('what?', 'read', 'in')).toMatchObject({ code: 'IO_FAILED', cause: 'what?' });
  });

  it('names the file whose content is wrong', () => {
    const error = contentError('a.gz', 'is not gzip data', new Error('incorrect header check'));
    expect(error.message).toBe(
      'a.gz is not gzip data (incorrect header check). ' +
        'Repair or remove the file, or correct the format of the source.',
    );
  });
});
