/** Counts what is called of ports, whatever they are: the ports below work as ever. */

/** One call that has returned. */
export interface PortCall {
  /** `port.method`. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly result: unknown;
}

export class CountedCalls {
  #calls: PortCall[] = [];
  /** Asked at every call, before and after its effect; what it throws is what the caller gets. */
  interrupt: (moment: 'before' | 'after', name: string) => void = () => {};
  /** What a call waits for before it is made. */
  delay: (name: string) => Promise<void> = async () => {};

  /** The port itself, except that its calls are noted under `name`. */
  of<T extends object>(name: string, port: T): T {
    return new Proxy(port, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function' || typeof property === 'symbol') return member;
        const full = `${name}.${property}`;
        const call = (args: unknown[]): unknown => Reflect.apply(member, target, args);
        if (property === 'list') return (...args: unknown[]) => this.#note(full, args, call(args));
        return async (...args: unknown[]): Promise<unknown> => {
          this.interrupt('before', full);
          await this.delay(full);
          const result = this.#note(full, args, await call(args));
          this.interrupt('after', full);
          return result;
        };
      },
    });
  }

  #note(name: string, args: readonly unknown[], result: unknown): unknown {
    this.#calls.push({ name, args, result });
    return result;
  }

  /** The calls since this was asked for last. */
  take(): readonly PortCall[] {
    const taken = this.#calls;
    this.#calls = [];
    return taken;
  }
}

/** How often each method was called. */
export function countsByName(calls: readonly PortCall[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name } of calls) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const WRITES = new Set([
  'log.append',
  'log.moveBase',
  'log.deleteLog',
  'objects.put',
  'objects.delete',
  'records.create',
  'records.update',
]);

/** Calls that changed something: a conditional one that was refused did not. */
export function successfulWrites(calls: readonly PortCall[]): readonly PortCall[] {
  return calls.filter(({ name, result }) => WRITES.has(name) && result !== false && !isRefusal(result));
}

function isRefusal(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'refused';
}
