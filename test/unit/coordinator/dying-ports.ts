import type { CoordinatorPorts } from '../../../lib/coordinator/coordinator-ports.ts';

/** The process is gone: nothing catches this. */
class Death extends Error {}

/** Dies at the call number `at` to any store: before it takes effect, or after. */
function dyingPorts(
  ports: CoordinatorPorts,
  { at, when }: { readonly at: number; readonly when: 'before' | 'after' },
): CoordinatorPorts {
  let calls = 0;
  const mortal = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function' || name === 'list') return bound(value, target);
        return async (...args: readonly unknown[]) => {
          calls++;
          if (calls === at && when === 'before') throw new Death();
          const result: unknown = await value.apply(target, args);
          if (calls === at && when === 'after') throw new Death();
          return result;
        };
      },
    });
  return {
    ...ports,
    log: mortal(ports.log),
    objects: mortal(ports.objects),
    records: mortal(ports.records),
    invoker: mortal(ports.invoker),
  };
}

/**
 * Runs `step` in a new world for every call at which it can die, then once more on what that left behind.
 * `check` sees each world afterwards; the number of deaths that there were.
 */
export async function dieEverywhere<W extends CoordinatorPorts>(scenario: {
  readonly prepare: () => Promise<W>;
  readonly step: (ports: CoordinatorPorts, world: W) => Promise<unknown>;
  readonly check: (world: W, death: string) => Promise<void>;
}): Promise<number> {
  let deaths = 0;
  for (const when of ['before', 'after'] as const) {
    for (let at = 1; ; at++) {
      const world = await scenario.prepare();
      const died = await diedIn(scenario.step(dyingPorts(world, { at, when }), world));
      if (!died) break;
      deaths++;
      await scenario.step(world, world);
      await scenario.check(world, `${when} call ${at}`);
    }
  }
  return deaths;
}

function bound(value: unknown, target: object): unknown {
  return typeof value === 'function' ? value.bind(target) : value;
}

async function diedIn(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return false;
  } catch (error) {
    if (error instanceof Death) return true;
    throw error;
  }
}
