import { FencedError } from '../../core/errors.ts';
import type { SubtaskId } from '../../core/log/subtask-id.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyedTable } from '../../ports/keyed-table.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { Random } from '../../ports/random.ts';
import type { StreamTransport } from '../../ports/stream-transport.ts';
import type { SubtaskLog } from '../../ports/subtask-log.ts';
import type { ProtocolRules } from '../../protocol/rules.ts';

/** The ways out of an invocation. */
export interface InvocationPorts {
  readonly log: SubtaskLog;
  readonly objects: ObjectStore;
  readonly transport: StreamTransport;
  /** Of keyed state; needed by programs that keep theirs in a table. */
  readonly table?: KeyedTable | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
}

/** What every step of an invocation knows. */
export interface InvocationContext extends InvocationPorts {
  readonly subtask: SubtaskId;
  readonly rules: ProtocolRules;
  /** Hash of plan and code of this process. */
  readonly code: string;
  /** Counts the runs of the job: part of the ids of effects. */
  readonly lineage: number;
  /** A name part that no attempt had before. */
  readonly nonce: () => string;
}

/**
 * The ports as long as `mayTouch` holds: an invocation that was frozen while a newer one ran must not go on
 * (I9). Throws FencedError RUN_FENCED afterwards.
 */
export function guardPorts<P extends Pick<InvocationPorts, 'log' | 'objects' | 'transport' | 'table'>>(
  ports: P,
  mayTouch: () => boolean,
): P {
  const { log, objects, transport, table } = ports;
  return {
    ...ports,
    log: guarded(log, mayTouch),
    objects: guarded(objects, mayTouch),
    transport: guarded(transport, mayTouch),
    table: table && guarded(table, mayTouch),
  };
}

function guarded<T extends object>(port: T, mayTouch: () => boolean): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...parameters: readonly unknown[]): unknown => {
        if (!mayTouch()) throw frozen();
        return Reflect.apply(member, target, parameters);
      };
    },
  });
}

function frozen(): FencedError {
  return new FencedError('RUN_FENCED', 'A newer invocation of this subtask runs in this process.');
}
