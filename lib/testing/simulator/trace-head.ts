import type { FaultMix } from './fault-mix.ts';
import type { LifePlan } from './life-plan.ts';
import type { SimulatedJob } from './simulated-job.ts';

/** What a history is made of, in words: the head of its trace. */
export function describeHistory(
  { job, faults }: { readonly job: SimulatedJob; readonly faults: FaultMix },
  plan: LifePlan,
): readonly string[] {
  const quiet = job.isQuiet ? ', its last records are held back' : '';
  return [
    `job ${job.name}, parallelism ${plan.parallelism}${quiet}`,
    ...job.shards.map(
      ({ name, records, parents }) =>
        `shard ${name}: ${records.length} records` +
        (parents.length > 0 ? `, follows ${parents.join(' ')}` : ''),
    ),
    ...plan.restores.map(
      ({ atMs, parallelism, goesBack }) =>
        `at ${seconds(atMs)} restore with parallelism ${parallelism}, ` +
        `${goesBack ? 'from the latest checkpoint' : 'from where the job stands'}`,
    ),
    ...plan.pauses.map(({ atMs, ms }) => `at ${seconds(atMs)} no input for ${seconds(ms)}`),
    ...momentsOf('checkpoint', plan.checkpoints),
    ...momentsOf('scan of heads', plan.scans),
    ...momentsOf('garbage collection', plan.collections),
    plan.checkpointMinutes === 0
      ? 'no regular checkpoints'
      : `a checkpoint every ${plan.checkpointMinutes} min`,
    ...faultsOf(faults),
  ];
}

function momentsOf(what: string, moments: readonly number[]): readonly string[] {
  if (moments.length === 0) return [];
  return [
    `${what} at ${[...moments]
      .sort((a, b) => a - b)
      .map(seconds)
      .join(', ')}`,
  ];
}

/** Names that count something else than how often. */
const AMOUNTS: ReadonlySet<string> = new Set(['clockSkewMs', 'pauseMsMax', 'batchRecordsMax']);

function faultsOf(faults: FaultMix): readonly string[] {
  const entries: readonly (readonly [string, number])[] = Object.entries(faults);
  const present = entries.filter(([, value]) => value !== 0);
  const absent = entries.filter(([, value]) => value === 0).map(([name]) => name);
  return [
    `faults: ${present.map(([name, value]) => `${name} ${amountOf(name, value)}`).join(', ')}`,
    `none of: ${absent.join(', ')}`,
  ];
}

function amountOf(name: string, value: number): string {
  return AMOUNTS.has(name) ? String(value) : `${(100 * value).toPrecision(2)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
