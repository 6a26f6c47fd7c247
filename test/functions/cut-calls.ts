/** A process that ends in the middle: nothing that it calls from then on does anything. */
import type { CoordinatorPorts } from '../../lib/coordinator/coordinator-ports.ts';

const CHANGES = new Set(['append', 'moveBase', 'create', 'update', 'put', 'delete', 'invoke', 'ask']);

export class CutCalls {
  readonly #changesMax: number;
  #changes = 0;

  /** The process ends before its change number `changesMax` + 1. */
  constructor(changesMax: number) {
    this.#changesMax = changesMax;
  }

  ports(ports: CoordinatorPorts): CoordinatorPorts {
    const { log, objects, records, invoker } = ports;
    return {
      ...ports,
      ...{
        log: this.of(log),
        objects: this.of(objects),
        records: this.of(records),
        invoker: this.of(invoker),
      },
    };
  }

  /** An object whose methods fail once the process has ended. */
  of<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member: unknown = Reflect.get(object, name, object);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]) => {
          if (CHANGES.has(String(name))) this.#changes += 1;
          if (this.#changes > this.#changesMax) throw new Error('The process has ended.');
          return Reflect.apply(member, object, args);
        };
      },
    });
  }
}
