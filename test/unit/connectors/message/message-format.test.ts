import { describe, expect, it } from 'vitest';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { loadMessageText } from '../../../../lib/connectors/message/message-format.ts';

interface Row {
  readonly name: string;
  readonly n: number;
}

describe('the message of a record', () => {
  it('is its line of NDJSON without the end of the line', async () => {
    const text = await loadMessageText(FileSink.ndjson<Row>('out').spec);
    expect(text({ name: 'a\nb', n: 1 })).toBe('{"name":"a\\nb","n":1}');
    expect(text({ name: 'c', n: 2 })).toBe('{"name":"c","n":2}');
  });

  it('is its row of CSV without a header, whichever comes first', async () => {
    const { spec } = FileSink.csv<Row>('out', { columns: ['n', 'name'], header: true, delimiter: ';' });
    const text = await loadMessageText(spec);
    expect(text({ name: 'a', n: 1 })).toBe('1;a');
    expect(text({ name: 'b;"c"\n', n: 2 })).toBe('2;"b;""c""\n"');
  });

  it('does not exist for Parquet: the binding is refused with what to take instead', async () => {
    const { spec } = FileSink.parquet<Row>('out', { columns: [{ name: 'n', type: 'INT64' }] });
    await expect(loadMessageText(spec)).rejects.toMatchObject({
      code: 'BINDING_INVALID',
      message: expect.stringMatching(/^Sink "out" writes Parquet.*bind FileSink\.ndjson or FileSink\.csv/),
    });
  });

  it('is refused for a record that the format cannot hold; the next one is not disturbed', async () => {
    const text = await loadMessageText(FileSink.ndjson<unknown>('out').spec);
    expect(() => text(() => 1)).toThrow(expect.objectContaining({ code: 'RECORD_INVALID' }));
    expect(text({ n: 1 })).toBe('{"n":1}');
  });
});
