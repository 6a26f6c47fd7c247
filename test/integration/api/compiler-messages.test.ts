import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, 'test/types/wrong.ts');
const PROGRAM = `
import { type DataStream, type Sink, TumblingEventTimeWindows, hours } from 'millrace';
declare const trades: DataStream<{ readonly price: number; readonly note?: string }>;
declare const sink: Sink<number>;
trades.reduce((a: never) => a);
trades.window(TumblingEventTimeWindows.of(hours(1)));
trades.keyBy((trade) => trade.note);
trades.keyBy((trade) => () => trade.note);
trades.windowAll(TumblingEventTimeWindows.of(hours(1))).sinkTo(sink);
trades.map(async (trade) => trade.price);
`;

/** What the compiler says about each statement of PROGRAM, by line. */
function messages(): ReadonlyMap<number, string> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (file) => file === FILE || fileExists(file);
  host.getSourceFile = (file, version) =>
    file === FILE ? ts.createSourceFile(FILE, PROGRAM, version) : getSourceFile(file, version);
  const program = ts.createProgram([FILE], options, host);
  const found = new Map<number, string>();
  for (const { start = 0, messageText } of program.getSemanticDiagnostics(program.getSourceFile(FILE))) {
    const line = PROGRAM.slice(0, start).split('\n').length;
    found.set(line, ts.flattenDiagnosticMessageText(messageText, '\n'));
  }
  return found;
}

it('the compiler says in a sentence why a wrong program is wrong', () => {
  const found = messages();
  expect([...found.keys()]).toEqual([5, 6, 7, 8, 9, 10]);
  expect(found.get(5)).toContain('keyBy() must come before reduce()');
  expect(found.get(6)).toContain('keyBy() must come before window(); else use windowAll()');
  expect(found.get(7)).toContain('a key must be a string, number, bigint, boolean, Date, or a tuple');
  expect(found.get(8)).toContain('a function cannot be a key');
  expect(found.get(9)).toContain('a window needs reduce(), aggregate() or process() first');
  expect(found.get(10)).toContain('user functions are synchronous');
});
