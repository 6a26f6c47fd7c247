import { describe, expect, it } from 'vitest';
import { bannedInCode, bannedInProse, drawerFiles } from './rules/names.ts';
import { allScripts, codeFiles, docFiles } from './rules/repository-files.ts';
import { format } from './rules/violation.ts';

describe('names', () => {
  it('no_file_is_a_drawer', () => {
    expect(format(allScripts().flatMap(({ file }) => drawerFiles(file)))).toEqual([]);
  });

  it('no_banned_name_in_code', () => {
    expect(codeFiles().length).toBeGreaterThan(0);
    expect(format(codeFiles().flatMap(bannedInCode))).toEqual([]);
  });

  it('no_word_of_advertising_in_docs', () => {
    expect(docFiles().length).toBeGreaterThan(0);
    expect(format(docFiles().flatMap(bannedInProse))).toEqual([]);
  });
});

describe('name rules catch a bad sample', () => {
  it.each(['lib/core/utils.ts', 'lib/core/helpers.ts', 'lib/types.ts', 'test/unit/common.test.ts'])(
    '%s_is_reported',
    (file) => {
      expect(drawerFiles(file)).toHaveLength(1);
    },
  );

  it.each([
    'interface IClock {}',
    'export class WatermarkValveImpl {}',
    'function readImpl() {}',
    'class StateManager {}',
    'const timeoutMillis = 1;',
    'const waitMilliseconds = 1;',
  ])('%s_is_reported', (text) => {
    expect(bannedInCode({ file: 'lib/a.ts', text })).toHaveLength(1);
  });

  it.each(['interface Io {}', 'interface Iterator {}', 'class ImplicitWatermark {}', 'millis(5)'])(
    '%s_is_fine',
    (text) => {
      expect(bannedInCode({ file: 'lib/a.ts', text })).toEqual([]);
    },
  );

  it.each(['We utilize it.', 'It leverages Kinesis.', 'Seamless.', 'blazingly fast', 'effortless'])(
    '%s_is_reported',
    (text) => {
      expect(bannedInProse({ file: 'README.md', text })).toHaveLength(1);
    },
  );
});
