import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';
import { type Estimate, estimateJob } from '../cost/estimate.ts';
import { PRICE_NAMES, type Prices, type PriceTable, US_EAST_1 } from '../cost/price-table.ts';
import { createJobGraph } from '../graph/job-graph.ts';
import type { CommandContext } from './command-context.ts';
import { graphsOf } from './job-graphs.ts';
import { loadJob } from './load-job.ts';
import { alignedTable } from './text-table.ts';

export interface EstimateOptions {
  readonly rate: number;
  readonly bytes: number;
  readonly idle: number;
  readonly batchWindow: number;
  readonly memory: number;
  readonly parallelism?: number | undefined;
  readonly prices?: string | undefined;
  readonly json?: true | undefined;
}

const MB_OF_GB = 1024;

/** `millrace estimate`: what a job will cost on AWS. Returns the exit code. */
export async function estimateCommand(
  path: string,
  { options, context }: { readonly options: EstimateOptions; readonly context: CommandContext },
): Promise<number> {
  const { rate, bytes, idle, batchWindow, memory, parallelism } = options;
  const prices = options.prices === undefined ? US_EAST_1 : readPrices(resolve(context.cwd, options.prices));
  const job = await loadJob(path, context);
  const graph = graphsOf(job, { parallelism, stateBackend: undefined, context })(0);
  const workload = { rate, bytes, idle, batchWindow, memoryGb: memory / MB_OF_GB };
  const estimate = estimateJob(createJobGraph(graph), workload, prices);
  context.print(`${options.json ? JSON.stringify(estimate) : estimateText(estimate)}\n`);
  return 0;
}

/** Throws UserError ARGUMENT_INVALID unless the file holds a price table: all prices, each with its name. */
function readPrices(path: string): PriceTable {
  let table: Partial<PriceTable>;
  try {
    // Looked through below.
    table = JSON.parse(readFileSync(path, 'utf8')) as Partial<PriceTable>;
  } catch (cause) {
    throw new UserError('ARGUMENT_INVALID', `The prices in ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  const { region, date } = table;
  if (typeof region !== 'string' || typeof date !== 'string') {
    throw new UserError(
      'ARGUMENT_INVALID',
      `The prices in ${path} need a region and the date of the prices.`,
    );
  }
  const given: Readonly<Record<string, unknown>> = { ...table.prices };
  const known: readonly string[] = PRICE_NAMES;
  const wrong = known.find((name) => !isPrice(given[name]));
  if (wrong !== undefined) {
    throw new UserError(
      'ARGUMENT_INVALID',
      `The prices in ${path} need '${wrong}', a number of US dollars; they are ${known.join(', ')}.`,
    );
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError('ARGUMENT_INVALID', `The prices in ${path} have '${unknown}', which is no price.`);
  }
  // Exactly the names of PRICE_NAMES, each with a number.
  return { region, date, prices: given as Prices };
}

function isPrice(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function estimateText(estimate: Estimate): string {
  const { jobName, region, priceDate, workload, items, total, perMillionRecords, inputStream } = estimate;
  const { rate, bytes, idle, batchWindow } = workload;
  const load =
    `${count(rate)} records/s of ${count(bytes)} bytes, batches of ${batchWindow} s` +
    (idle === 0 ? '' : `, ${Math.round(idle * 100)} % of the time without data`);
  const rows = items.map(({ service, what, quantity, unit, cost }) => [
    `${service}: ${what}`,
    `${count(quantity)}${unit === '' ? '' : ` ${unit}`}`,
    money(cost),
  ]);
  const perMillion = perMillionRecords === null ? '' : money(perMillionRecords);
  return [
    `Job '${jobName}': ${load}.`,
    `Prices of ${region} at ${priceDate} in US dollars, a month of 730 hours, without the free tier.`,
    '',
    alignedTable(['', 'A month', 'Cost'], [...rows, ['Sum', '', money(total)]]),
    '',
    alignedTable(
      ['', ''],
      [
        ['Per million records', perMillion],
        ['A month without any data', money(estimate.idleTotal)],
        [`Beside it, if nobody else needs it: ${inputStream.what}`, money(inputStream.cost)],
        ['For comparison: Managed Service for Apache Flink, at least', money(estimate.managedFlinkFloor)],
      ],
    ).trimStart(),
    ...estimate.warnings.map((warning) => `\n! ${warning}`),
    '',
    'Sinks that are bound to other services are not in it. The model and what it assumes: docs/cost.md.',
  ].join('\n');
}

function count(n: number): string {
  const digits = n !== 0 && Math.abs(n) < 10 ? 2 : 0;
  return n.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** Parts of a cent only where there is nothing more. */
function money(dollars: number): string {
  const digits = dollars !== 0 && dollars < 0.1 ? 3 : 2;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `$${dollars.toLocaleString('en-US', format)}`;
}
