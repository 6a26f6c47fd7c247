import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { FileSink } from '../../../../lib/connectors/file/file-sink.ts';
import { FileSource } from '../../../../lib/connectors/file/file-source.ts';
import type { Sink, Source } from '../../../../lib/core/connector.ts';

interface Flight {
  readonly origin: string;
}

describe('the type of a file source', () => {
  it('is the output of its schema', () => {
    const schema = z.object({ at: z.string().transform((text) => new Date(text)) });
    expectTypeOf(FileSource.ndjson('x', { schema })).toExtend<Source<{ at: Date }>>();
    expectTypeOf(FileSource.csv('x', { schema: v.object({ n: v.number() }) })).toExtend<
      Source<{ n: number }>
    >();
    const source = FileSource.parquet('x', { schema: type({ n: 'number' }), columns: ['n'] });
    expectTypeOf(source).toEqualTypeOf<FileSource<{ n: number }>>();
  });

  it('is its type argument without a schema', () => {
    expectTypeOf(FileSource.ndjson<Flight>('x')).toEqualTypeOf<FileSource<Flight>>();
    expectTypeOf(FileSource.parquet<Flight>('x', { temporal: 'date' })).toEqualTypeOf<FileSource<Flight>>();
    expectTypeOf(FileSource.csv('x')).toEqualTypeOf<FileSource<Record<string, string>>>();
    expectTypeOf(FileSource.ndjson('x')).toEqualTypeOf<FileSource<unknown>>();
  });
});

describe('the type of a file sink', () => {
  it('comes from the stream it is attached to', () => {
    const attached: Sink<Flight>[] = [];
    const sinkTo = (sink: Sink<Flight>): number => attached.push(sink);
    sinkTo(FileSink.ndjson('x', { bucket: (flight) => flight.origin }));
    sinkTo(FileSink.csv('x', { columns: ['origin'] }));
    sinkTo(FileSink.parquet('x', { columns: [{ name: 'origin', type: 'STRING' }] }));
    // @ts-expect-error a flight has no destination
    sinkTo(FileSink.csv('x', { columns: ['destination'] }));
    expect(attached).toHaveLength(4);
  });
});
