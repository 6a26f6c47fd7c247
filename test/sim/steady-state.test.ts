/** What a batch costs when nothing goes wrong, counted call by call. */
import { describe, expect, it } from 'vitest';
import { type FaultMix, NO_FAULTS } from '../../lib/testing/simulator/fault-mix.ts';
import { drawJob } from '../../lib/testing/simulator/generated-jobs.ts';
import type { LifePlan } from '../../lib/testing/simulator/life-plan.ts';
import { NO_MUTATION } from '../../lib/testing/simulator/mutation.ts';
import { simulate } from '../../lib/testing/simulator/simulation.ts';

const SEEDS = 30;
const CALM: Partial<LifePlan> = {
  restores: [],
  pauses: [],
  scans: [],
  collections: [],
  checkpoints: [],
  checkpointMinutes: 0,
  tailSteps: 0,
};

/** One invocation with a batch, and the calls of its environment until it returned. */
interface Invocation {
  readonly environment: string;
  readonly subtask: string;
  readonly calls: readonly string[];
  /** `warm`: the one before ran here; `behind`: one before ran here, and others elsewhere since. */
  readonly place: 'warm' | 'behind' | 'new';
  /** Epochs that coordinators have put since the one before. */
  readonly epochs: number;
}

async function invocationsOf(faults: FaultMix, plan: Partial<LifePlan>): Promise<readonly Invocation[]> {
  const all: Invocation[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await simulate({
      ...{ seed, drawJob, mutation: NO_MUTATION, faults, traceLines: 100_000 },
      plan: { ...CALM, ...plan },
    });
    expect(result.failure).toBeUndefined();
    all.push(...readTrace(result.trace));
  }
  return all;
}

function readTrace(trace: readonly string[]): readonly Invocation[] {
  const invocations: Invocation[] = [];
  const open = new Map<string, { readonly subtask: string; readonly calls: string[] }>();
  const last = new Map<string, string>();
  const seen = new Set<string>();
  const epochs = new Map<string, number>();
  for (const line of trace) {
    const [, environment = '', ...words] = line.split(/\s+/);
    const text = words.join(' ').trim();
    const run = /^runs (\S+) \d+ of /.exec(text);
    const tick = /^runs (\S+)/.exec(text);
    const epoch = /^append (\S+) v\d+ epoch .* accepted$/.exec(text);
    if (epoch?.[1] !== undefined) epochs.set(epoch[1], (epochs.get(epoch[1]) ?? 0) + 1);
    if (run?.[1] !== undefined) open.set(environment, { subtask: run[1], calls: [] });
    else if (tick?.[1] !== undefined) last.delete(tick[1]);
    else if (text.startsWith('returns ')) {
      const ended = open.get(environment);
      open.delete(environment);
      if (ended === undefined) continue;
      const { subtask, calls } = ended;
      const key = `${environment} ${subtask}`;
      const warm = last.get(subtask) === environment ? 'warm' : 'behind';
      const place = seen.has(key) && last.has(subtask) ? warm : 'new';
      invocations.push({ environment, subtask, calls, place, epochs: epochs.get(subtask) ?? 0 });
      last.set(subtask, environment);
      seen.add(key);
      epochs.set(subtask, 0);
    } else open.get(environment)?.calls.push(text);
  }
  return invocations;
}

const count = ({ calls }: Invocation, pattern: RegExp) => calls.filter((call) => pattern.test(call)).length;

/** Calls by kind; sends and effects are what the batch is for. */
const tallyOf = (invocation: Invocation) => ({
  accepted: count(invocation, /^append .* accepted$/),
  refused: count(invocation, /^append .* refused/),
  reads: count(invocation, /^(read|slot|base) /),
  objects: count(invocation, /^(get|put|list) /),
});

/** Neither the end of the log nor a spilled payload, and the ring is not near its end. */
const isPlain = ({ calls }: Invocation) =>
  calls.some((call) => call.startsWith('append')) && !calls.some((call) => / seal |spill|^base /.test(call));

describe('the price of a batch', () => {
  it('is one put and nothing else while the environment stays the same', async () => {
    const all = await invocationsOf({ ...NO_FAULTS, scatter: 0 }, {});
    const warm = all.filter((one) => one.place === 'warm' && isPlain(one));
    expect(warm.length).toBeGreaterThan(80);
    for (const one of warm) {
      expect(tallyOf(one), one.subtask).toEqual({ accepted: 1, refused: 0, reads: 0, objects: 0 });
    }
  });

  it('is one query more after a switch of environments, and nothing is sent again', async () => {
    const all = await invocationsOf({ ...NO_FAULTS, scatter: 1 }, { parallelism: 1 });
    const behind = all.filter((one) => one.place === 'behind' && isPlain(one));
    expect(behind.length).toBeGreaterThan(40);
    for (const one of behind) {
      const { refused, ...rest } = tallyOf(one);
      // A batch that does not show that others were faster learns it from the refusal.
      expect(refused, one.subtask).toBeLessThanOrEqual(1);
      expect(rest, one.subtask).toEqual({ accepted: 1, reads: 1, objects: 0 });
      expect(count(one, /^send /)).toBeLessThanOrEqual(1);
    }
    expect(behind.filter((one) => tallyOf(one).refused === 0).length).toBeGreaterThan(15);
  });

  it('is one put more when an epoch came first, and one query more when there are several', async () => {
    const checkpoints = Array.from({ length: 40 }, (_, index) => 2000 + index * 5000);
    const all = await invocationsOf({ ...NO_FAULTS, scatter: 0 }, { checkpoints });
    const late = all.filter((one) => one.place === 'warm' && one.epochs > 0 && isPlain(one));
    expect(late.length).toBeGreaterThan(30);
    for (const one of late) {
      const more = {
        accepted: 1,
        ...(one.epochs > 1 ? { refused: 2, reads: 1 } : { refused: 1, reads: 0 }),
        objects: 0,
      };
      expect(tallyOf(one), one.subtask).toEqual(more);
    }
  });

  it('has a fixed part for compaction', async () => {
    const all = await invocationsOf({ ...NO_FAULTS, scatter: 0 }, {});
    const compacting = all.filter(
      ({ calls, place }) =>
        place === 'warm' && calls.filter((call) => call.startsWith('move base')).length === 1,
    );
    expect(compacting.length).toBeGreaterThan(15);
    for (const one of compacting) {
      const { reads, objects } = tallyOf(one);
      expect(reads, one.calls.join('\n')).toBeLessThanOrEqual(5);
      expect(objects, one.calls.join('\n')).toBeLessThanOrEqual(6);
    }
  });
});
