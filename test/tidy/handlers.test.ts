import { describe, expect, it } from 'vitest';
import { exportsHandler, HANDLER_LINES_MAX, longHandlers } from './rules/handlers.ts';
import { codeFiles } from './rules/repository-files.ts';
import { format } from './rules/violation.ts';

describe('handlers', () => {
  it('of_functions_are_short', () => {
    const handlers = codeFiles().filter(
      ({ file, text }) => file.startsWith('functions/') && exportsHandler(file, text),
    );
    expect(handlers.map(({ file }) => file)).toContain('functions/task.ts');
    expect(handlers.length).toBeGreaterThan(5);
    expect(format(handlers.flatMap(longHandlers))).toEqual([]);
  });
});

describe('the rule of handlers catches a bad sample', () => {
  const sample = (line: string, lines: number) => ({
    file: 'functions/sample.ts',
    text: `${line}\n${'// More.\n'.repeat(lines - 1)}`,
  });

  it.each([
    'export const handler = middy();',
    'export async function handler() {}',
    'export function createTaskHandler() {}',
    'export const createHandler = () => {};',
    "export { other as handler } from './other.ts';",
  ])('%s_in_a_file_one_line_too_long_is_reported', (line) => {
    expect(longHandlers(sample(line, HANDLER_LINES_MAX))).toEqual([]);
    expect(longHandlers(sample(line, HANDLER_LINES_MAX + 1))).toMatchObject([
      { file: 'functions/sample.ts', line: HANDLER_LINES_MAX + 1 },
    ]);
  });

  it.each(['const handler = middy();', 'export const handlers = 1;', 'export function createHandlers() {}'])(
    '%s_is_no_handler',
    (line) => {
      expect(longHandlers(sample(line, HANDLER_LINES_MAX + 1))).toEqual([]);
    },
  );

  it('files_elsewhere_are_left_alone', () => {
    const { text } = sample('export const handler = 1;', HANDLER_LINES_MAX + 1);
    expect(longHandlers({ file: 'lib/sample.ts', text })).toEqual([]);
    expect(longHandlers({ file: 'functions/middlewares/sample.ts', text })).toEqual([]);
  });
});
