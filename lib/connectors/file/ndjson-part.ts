import { LIMITS } from '../../core/limits.ts';
import type { PartEncoder, PartFormat } from './part-encoder.ts';
import { jsonText } from './unwritable-field.ts';

/** One JSON value a line. */
export function ndjsonParts<T>(sink: string): PartFormat<T> {
  return {
    kind: 'ndjson',
    bufferBytesMax: LIMITS.fileWriteBytes,
    writesAnyTime: true,
    layout: '',
    createEncoder: () => new NdjsonPart(sink),
  };
}

class NdjsonPart<T> implements PartEncoder<T> {
  private readonly sink: string;
  private text = '';

  constructor(sink: string) {
    this.sink = sink;
  }

  add(value: T): number {
    const json = jsonText(value, this.sink);
    this.text += `${json}\n`;
    return json.length + 1;
  }

  isFull(): boolean {
    return false;
  }

  take(_last: boolean): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}
