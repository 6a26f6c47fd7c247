import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TumblingEventTimeWindows } from '../../../lib/api/windows/tumbling-event-time-windows.ts';
import { seconds } from '../../../lib/core/duration.ts';
import * as millraceTesting from '../../../lib/testing/index.ts';

const FOLDER = join(import.meta.dirname, '../../../lib/testing');
const FILES = [
  'one-input-harness.ts',
  'two-input-harness.ts',
  'process-function-test-harnesses.ts',
  'window-test-harnesses.ts',
  'rescale.ts',
];

interface Example {
  readonly name: string;
  readonly code: string;
  /** JavaScript of `// EXPRESSION is VALUE` at the end. */
  readonly claim: readonly [string, string];
}

function examplesOf(file: string): readonly Example[] {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  return [...text.matchAll(/@example\n([\s\S]*?)\n \*\//g)].map((match, index) => {
    const code = (match[1] ?? '').replaceAll(/^ \* ?/gm, '');
    const [, expression, value] = /\/\/ (\S+) is (.*)$/.exec(code) ?? [];
    return { name: `${file} ${index}`, code, claim: [expression ?? '', value ?? ''] };
  });
}

const examples = FILES.flatMap(examplesOf);

describe('the examples in the doc comments of millrace/testing', () => {
  it('are_all_found', () => {
    expect(examples.length).toBe(7);
  });

  it.each(examples.map((example) => [example.name, example] as const))(
    'hold: %s',
    async (_name, { code, claim }) => {
      expect(claim[0]).not.toBe('');
      const scope = { ...millraceTesting, TumblingEventTimeWindows, seconds };
      const source = `return async () => {\n${code}\nreturn [${claim[0]}, ${claim[1]}];\n};`;
      const run = new Function(
        ...Object.keys(scope),
        stripTypeScriptTypes(`(() => {${source}})`).slice(8, -2),
      );
      const [actual, expected] = await run(...Object.values(scope))();
      expect(actual).toEqual(expected);
    },
  );
});
