/** A job with a value for each of a million keys: count, sum and last amount of an account. */
import {
  type Collector,
  defineJob,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  type Sink,
  type ValueState,
  ValueStateDescriptor,
} from 'millrace';

export const ACCOUNTS = 1_000_000;

interface Account {
  readonly count: number;
  readonly sum: number;
  readonly last: number;
}

class Totals implements KeyedProcessFunction<string, number, never> {
  #account!: ValueState<Account>;

  open(context: RuntimeContext): void {
    this.#account = context.getState(new ValueStateDescriptor<Account>('account'));
  }

  processElement(n: number, _context: KeyedProcessContext<string>, _out: Collector<never>): void {
    const before = this.#account.value();
    const last = scattered(n) % 1_000_000;
    this.#account.update({ count: (before?.count ?? 0) + 1, sum: (before?.sum ?? 0) + last, last });
  }
}

/** Different numbers of 32 bits for different ones: keys and amounts that do not compress like a sequence. */
function scattered(n: number): number {
  return Math.imul(n, 2_654_435_761) >>> 0;
}

/** Takes nothing: state is what is measured. */
class NoOutput implements Sink<never> {
  readonly connector = 'none';
  readonly description = 'none';

  async load() {
    return {
      createWriter: async () => ({
        write: () => {},
        pendingBytes: () => 0,
        flush: async () => {},
        prepareCommit: async () => [],
        close: async () => {},
      }),
    };
  }
}

export default defineJob('accounts', (env) => {
  env
    .fromSequence(1, 100 * ACCOUNTS)
    .keyBy((n) => `account-${scattered(n % ACCOUNTS)}`)
    .process(new Totals())
    .uid('totals')
    .sinkTo(new NoOutput())
    .uid('none');
});
