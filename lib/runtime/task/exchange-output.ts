import type { Channel } from '../../ports/channel.ts';
import type { Input, Journal, OperatorIdentity, UserCodeCursor } from '../operator.ts';
import { BatchBuilder } from './batch-builder.ts';
import { ALL_CHANNELS, type ChannelSelector } from './channel-selector.ts';

/** What an exchange is made of. */
export interface ExchangeOptions {
  readonly channels: readonly Channel[];
  readonly select: ChannelSelector;
  readonly journal: Journal | undefined;
  readonly cursor: UserCodeCursor;
  /** The downstream operator: its key selector runs here. */
  readonly downstream: OperatorIdentity;
}

/**
 * Output of an operator into the channels of one edge: routes records, repeats watermarks on every channel.
 */
export class ExchangeOutput implements Input {
  readonly #builders: readonly BatchBuilder[];
  readonly #select: ChannelSelector;
  readonly #journal: Journal | undefined;
  readonly #cursor: UserCodeCursor;
  readonly #downstream: OperatorIdentity;

  constructor(options: ExchangeOptions) {
    this.#builders = options.channels.map((channel) => new BatchBuilder(channel));
    this.#select = options.select;
    this.#journal = options.journal;
    this.#cursor = options.cursor;
    this.#downstream = options.downstream;
  }

  processElement(value: unknown, timestamp: number): void {
    this.#cursor.operator = this.#downstream;
    const target = this.#select(value);
    if (this.#journal === undefined) this.#send(target, value, timestamp);
    else this.#journal.defer(() => this.#send(target, value, timestamp));
  }

  #send(target: number, value: unknown, timestamp: number): void {
    if (target === ALL_CHANNELS) {
      for (const builder of this.#builders) builder.addRecord(value, timestamp);
    } else {
      this.#builders[target]?.addRecord(value, timestamp);
    }
  }

  processWatermark(watermark: number): void {
    this.#control((builder) => builder.addWatermark(watermark));
  }

  processWatermarkStatus(idle: boolean): void {
    this.#control((builder) => builder.addStatus(idle));
  }

  endInput(): void {
    this.#control((builder) => builder.addEndOfInput());
    this.flush();
  }

  #control(add: (builder: BatchBuilder) => void): void {
    const addToAll = () => {
      for (const builder of this.#builders) add(builder);
    };
    if (this.#journal === undefined) addToAll();
    else this.#journal.defer(addToAll);
  }

  flush(): void {
    for (const builder of this.#builders) builder.flush();
  }

  /** False while any channel is full: the task must not start new work. */
  hasCapacity(): boolean {
    for (const builder of this.#builders) if (!builder.hasCapacity()) return false;
    return true;
  }
}
