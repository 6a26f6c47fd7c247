import type { AnySourceRuntime, Source } from '../../core/connector.ts';
import { unpackedRuntime } from '../message/unpacked-records.ts';

/**
 * Reads the records of a Kinesis stream as `source` decodes them: what its runtime makes of a record that is
 * delivered. Records of the Kinesis Producer Library are taken apart first.
 *
 * How far a shard was read is told by the sequence number of the last record, aggregate or not: one commit
 * takes all records of an aggregate or none.
 */
export class KinesisSource<T> implements Source<T> {
  readonly connector = 'kinesis';
  readonly description: string;
  readonly boundedness = 'continuous-unbounded';
  readonly #source: Source<T>;

  constructor(source: Source<T>, stream: string) {
    this.#source = source;
    this.description = `${source.description} of kinesis ${stream}`;
  }

  async load(): Promise<AnySourceRuntime<T>> {
    const { takeApart } = await import('./kpl-aggregate.ts');
    return unpackedRuntime(await this.#source.load(), takeApart);
  }
}
