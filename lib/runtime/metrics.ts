import type { Counter } from '../core/functions/rich-function.ts';
import type { Metrics } from '../ports/metrics.ts';

/** A counter as a plain field, cheap enough to count every record. */
export class SimpleCounter implements Counter {
  count = 0;

  inc(n = 1): void {
    this.count += n;
  }
}

/** A counter as plain data. */
export type CounterValue = readonly [operator: string, name: string, count: number];

/** Counters and gauges of a job by operator and name; subtasks of one operator share a counter. */
export class MetricRegistry implements Metrics {
  readonly #byOperator = new Map<string, Map<string, SimpleCounter>>();
  readonly #gauges = new Map<string, Map<string, number>>();
  /** By name, then scope. */
  readonly #freshGauges = new Map<string, Map<string, number>>();

  counter(operator: string, name: string): Counter {
    let counters = this.#byOperator.get(operator);
    if (counters === undefined) {
      counters = new Map();
      this.#byOperator.set(operator, counters);
    }
    let counter = counters.get(name);
    if (counter === undefined) {
      counter = new SimpleCounter();
      counters.set(name, counter);
    }
    return counter;
  }

  count(scope: string, name: string, by: number): void {
    this.counter(scope, name).inc(by);
  }

  gauge(scope: string, name: string, value: number): void {
    const gauges = this.#gauges.get(scope) ?? new Map<string, number>();
    this.#gauges.set(scope, gauges);
    gauges.set(name, value);
    const fresh = this.#freshGauges.get(name) ?? new Map<string, number>();
    this.#freshGauges.set(name, fresh);
    fresh.set(scope, value);
  }

  /** What the gauges of a name, one of each scope, were set to last since this was asked for. */
  takeGauges(name: string): readonly number[] {
    const fresh = [...(this.#freshGauges.get(name)?.values() ?? [])];
    this.#freshGauges.delete(name);
    return fresh;
  }

  /** What a gauge was set to last; undefined if it was not. */
  gaugeOf(scope: string, name: string): number | undefined {
    return this.#gauges.get(scope)?.get(name);
  }

  /** Every counter, for `restore`. */
  values(): readonly CounterValue[] {
    return [...this.#byOperator].flatMap(([operator, counters]) =>
      [...counters].map(([name, { count }]): CounterValue => [operator, name, count]),
    );
  }

  /** Sets counters to what they were. */
  restore(values: readonly CounterValue[]): void {
    for (const [operator, name, count] of values) {
      const counter = this.counter(operator, name);
      counter.inc(count - counter.count);
    }
  }

  /** Sum of one counter over all operators. */
  total(name: string): number {
    let sum = 0;
    for (const counters of this.#byOperator.values()) sum += counters.get(name)?.count ?? 0;
    return sum;
  }

  /** Every counter as `operator.name`. */
  all(): Readonly<Record<string, number>> {
    const entries: [string, number][] = [];
    for (const [operator, counters] of this.#byOperator) {
      for (const [name, { count }] of counters) entries.push([`${operator}.${name}`, count]);
    }
    return Object.fromEntries(entries);
  }
}
