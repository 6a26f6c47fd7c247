import type { AnySourceRuntime, Source } from '../../core/connector.ts';
import { unpackedRuntime } from '../message/unpacked-records.ts';

/**
 * Reads the changes of a DynamoDB table as `source` decodes them, each as one line of JSON: see
 * `asChangeLine`. The changes of one item come in their order.
 */
export class DynamoDbStreamSource<T> implements Source<T> {
  readonly connector = 'dynamodb-stream';
  readonly description: string;
  readonly boundedness = 'continuous-unbounded';
  readonly #source: Source<T>;

  constructor(source: Source<T>, streamArn: string) {
    this.#source = source;
    this.description = `${source.description} of ${streamArn}`;
  }

  async load(): Promise<AnySourceRuntime<T>> {
    const { asChangeLine } = await import('./table-change.ts');
    return unpackedRuntime(await this.#source.load(), asChangeLine);
  }
}
