import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../lib/core/errors.ts';
import { errorTableGaps } from './rules/error-table.ts';
import { ROOT } from './rules/repository-files.ts';
import { format } from './rules/violation.ts';

const FILE = 'docs/errors.md';

describe('error table', () => {
  it('docs_explain_every_code_and_no_other', () => {
    const text = readFileSync(join(ROOT, FILE), 'utf8');
    expect(format(errorTableGaps(Object.keys(ERROR_CODES), { file: FILE, text }))).toEqual([]);
  });
});

describe('the rule of the error table catches a bad sample', () => {
  const text = '# Errors\n\n### UID_MISSING\n\n### OLD_CODE\n\n### UID_MISSING\n\n## NOT_A_CODE\n';

  it('reports_missing_stale_and_repeated_sections', () => {
    const found = errorTableGaps(['UID_MISSING', 'NEW_CODE'], { file: FILE, text });
    expect(format(found)).toEqual([
      `${FILE}:1 lacks a section "### NEW_CODE".`,
      `${FILE}:5 OLD_CODE is no error code.`,
      `${FILE}:3 UID_MISSING is explained twice.`,
    ]);
  });
});
