import { describe, expect, it } from 'vitest';
import { PrintSink } from '../../../lib/api/print-sink.ts';

async function printed(
  values: readonly unknown[],
  options: { readonly prefix?: string; readonly parallelism?: number } = {},
): Promise<readonly string[]> {
  const written: string[] = [];
  const sink = new PrintSink(options.prefix, async (text) => {
    written.push(text);
  });
  const { createWriter } = await sink.load();
  const { parallelism = 1 } = options;
  const writer = await createWriter({
    jobName: 'job',
    operatorUid: 'print',
    subtask: parallelism - 1,
    parallelism,
    durable: false,
  });
  for (const value of values) writer.write(value, 0);
  expect(writer.pendingBytes()).toBeGreaterThan(0);
  await writer.flush(true);
  expect(writer.pendingBytes()).toBe(0);
  await writer.prepareCommit(true);
  await writer.close();
  return written;
}

describe('print', () => {
  it('writes a line per record, many in one call', async () => {
    expect(await printed(['a', 1, { b: [1, 2], c: 'x' }])).toEqual(["a\n1\n{ b: [ 1, 2 ], c: 'x' }\n"]);
  });

  it('shows prefix and subtask as Flink does', async () => {
    expect(await printed(['a'], { prefix: 'p' })).toEqual(['p> a\n']);
    expect(await printed(['a'], { parallelism: 3 })).toEqual(['3> a\n']);
    expect(await printed(['a'], { prefix: 'p', parallelism: 3 })).toEqual(['p:3> a\n']);
  });

  it('shows a record of many fields on one line', async () => {
    const wide = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`field${i}`, 'some text']));
    const [text] = await printed([wide]);
    expect(text?.trimEnd()).not.toContain('\n');
  });
});
