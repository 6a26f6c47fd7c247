import { describe, expect, it } from 'vitest';
import { narrowedTests, unfinishedMarkers } from './rules/markers.ts';
import { allScripts, docFiles, testFiles } from './rules/repository-files.ts';
import { format } from './rules/violation.ts';

/** The files that must spell the marks they look for. */
const SPELLS_THE_MARKS = new Set(['test/tidy/rules/markers.ts']);

describe('marks', () => {
  it('no_file_marks_unfinished_work', () => {
    const files = [...allScripts(), ...docFiles()].filter(({ file }) => !SPELLS_THE_MARKS.has(file));
    expect(files.length).toBeGreaterThan(0);
    expect(format(files.flatMap(unfinishedMarkers))).toEqual([]);
  });

  it('no_test_is_narrowed_or_left_out', () => {
    expect(testFiles().length).toBeGreaterThan(0);
    expect(format(testFiles().flatMap(narrowedTests))).toEqual([]);
  });
});

// Samples are put together here, else this file would report itself.
describe('mark rules catch a bad sample', () => {
  it.each([
    ['TO', 'DO'],
    ['FIX', 'ME'],
    ['X', 'XX'],
  ])('%s%s_is_reported', (start, end) => {
    expect(unfinishedMarkers({ file: 'lib/a.ts', text: `// ${start}${end}: later` })).toHaveLength(1);
  });

  it.each([
    ['it', 'only'],
    ['describe', 'skip'],
    ['test', 'todo'],
    ['it', 'each', 'skip'],
    ['test', 'fails'],
  ])('%s.%s_is_reported', (...parts) => {
    const text = `${parts.join('.')}('name', () => {});`;
    expect(narrowedTests({ file: 'test/unit/a.test.ts', text })).toHaveLength(1);
  });
});
