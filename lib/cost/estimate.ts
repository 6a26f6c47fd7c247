/** The bill of a deployed job for a month, line by line, from its plan. Pure. */
import { METRIC_NAMES } from '../core/metric-names.ts';
import type { JobGraph } from '../graph/job-graph.ts';
import type { PriceTable } from './price-table.ts';
import { loadsOf, MODEL, type VertexLoad, type Workload } from './workload.ts';

/** A line of the bill. */
export interface CostItem {
  readonly service: string;
  readonly what: string;
  /** How much of it in a month. */
  readonly quantity: number;
  readonly unit: string;
  /** US dollars a month. */
  readonly cost: number;
}

export interface Estimate {
  readonly jobName: string;
  readonly region: string;
  readonly priceDate: string;
  readonly workload: Workload;
  readonly items: readonly CostItem[];
  /** US dollars a month, without the streams that the job's user feeds. */
  readonly total: number;
  /** US dollars; null without records. */
  readonly perMillionRecords: number | null;
  /** What there is to pay in a month without any data. */
  readonly idleTotal: number;
  /** The stream that sources read, if it is one. */
  readonly inputStream: CostItem;
  /** The least that Managed Service for Apache Flink takes for a job that runs. */
  readonly managedFlinkFloor: number;
  readonly warnings: readonly string[];
}

const MILLION = 1e6;
const GB = 1e9;
/** One unit for the job, one that the service adds for itself, and the storage of one. */
const FLINK_UNITS = 2;
const FLINK_STORAGE_GB = 50;
/** Share of the bill from which the size of commits is what to look at. */
const COMMITS_DOMINATE = 0.5;

/** Estimates the month of a job. */
export function estimateJob(graph: JobGraph, workload: Workload, table: PriceTable): Estimate {
  const loads = loadsOf(graph, workload);
  const items = itemsOf(loads, workload, table);
  const total = sum(items);
  const seconds = MODEL.monthHours * 3600 * (1 - workload.idle);
  const records = workload.rate * seconds;
  const { prices } = table;
  return {
    ...{ jobName: graph.jobName, region: table.region, priceDate: table.date, workload, items, total },
    perMillionRecords: records === 0 ? null : (total / records) * MILLION,
    idleTotal: sum(itemsOf(loads, { ...workload, idle: 1 }, table)),
    inputStream: inputStreamOf(workload, table),
    managedFlinkFloor:
      FLINK_UNITS * MODEL.monthHours * prices.managedFlinkUnitHour +
      FLINK_STORAGE_GB * prices.managedFlinkStorageGbMonth,
    warnings: warningsOf(loads, items, total),
  };
}

function itemsOf(
  loads: readonly VertexLoad[],
  workload: Workload,
  { prices }: PriceTable,
): readonly CostItem[] {
  const seconds = MODEL.monthHours * 3600 * (1 - workload.idle);
  const month = (perSecond: (load: VertexLoad) => number): number =>
    loads.reduce((all, load) => all + perSecond(load), 0) * seconds;
  const batches = month(({ batchesPerSecond }) => batchesPerSecond);
  const spills = month(({ batchesPerSecond, spills: does }) => (does ? batchesPerSecond : 0));
  const gbSeconds = month(
    (load) =>
      (load.batchesPerSecond * MODEL.invocationSeconds + load.recordsPerSecond * MODEL.recordSeconds) *
      workload.memoryGb,
  );
  const writeUnits = month((load) => load.batchesPerSecond * writeUnitsOf(load));
  const putUnits = month((load) => load.batchesPerSecond * load.putUnitsPerBatch);
  const spilledGb =
    (loads.reduce((all, load) => all + (load.spills ? load.batchesPerSecond * load.commitBytes : 0), 0) *
      MODEL.objectSeconds *
      (1 - workload.idle)) /
    GB;
  const million = (service: string, what: string, quantity: number, price: number): CostItem => ({
    ...{ service, what, quantity, unit: '', cost: (quantity / MILLION) * price },
  });
  const internal = loads.filter(({ source }) => !source);
  const shardHours = internal.reduce((all, { parallelism }) => all + parallelism, 0) * MODEL.monthHours;
  return [
    {
      ...{ service: 'Kinesis', what: 'internal shards', quantity: shardHours, unit: 'shard-hours' },
      cost: shardHours * prices.kinesisShardHour,
    },
    million('Kinesis', 'frames, in units of 25 KB', putUnits, prices.kinesisPutUnitsMillion),
    million('Lambda', 'invocations', batches, prices.lambdaRequestsMillion),
    million('Lambda', 'GB-seconds', gbSeconds, prices.lambdaGbSecondsMillion),
    million('DynamoDB', 'write units of commits', writeUnits, prices.dynamodbWriteUnitsMillion),
    million('S3', 'payloads over 12 KB', spills, prices.s3PutsMillion),
    {
      ...{ service: 'S3', what: 'objects until they are collected', quantity: spilledGb, unit: 'GB' },
      cost: spilledGb * prices.s3GbMonth,
    },
    logsOf(batches, prices.logsGb),
    ...upkeepOf(loads, workload, prices),
  ];
}

function writeUnitsOf({ spills, commitBytes }: VertexLoad): number {
  return spills ? MODEL.spilledWriteUnits : Math.max(1, Math.ceil(commitBytes / 1024));
}

function logsOf(batches: number, price: number): CostItem {
  const gb = (batches * MODEL.logBytes) / GB;
  return { service: 'CloudWatch', what: 'logs', quantity: gb, unit: 'GB', cost: gb * price };
}

/** What a job costs whatever it does. */
function upkeepOf(
  loads: readonly VertexLoad[],
  { idle, memoryGb }: Workload,
  prices: PriceTable['prices'],
): readonly CostItem[] {
  const sweeps = MODEL.sweepsPerHour * MODEL.monthHours;
  const subtasks = loads.reduce((all, { parallelism }) => all + parallelism, 0);
  // A sweep of N subtasks at rest reads N + 3 items.
  const perSweep =
    prices.schedulerInvocationsMillion +
    prices.lambdaRequestsMillion +
    MODEL.sweepSeconds * memoryGb * prices.lambdaGbSecondsMillion +
    (subtasks + 3) * prices.dynamodbReadUnitsMillion;
  const checkpoints = MODEL.checkpointsPerHour * MODEL.monthHours;
  const transitions =
    checkpoints * (idle * MODEL.skippedTransitions + (1 - idle) * MODEL.checkpointTransitions);
  const metrics = idle === 1 ? 0 : METRIC_NAMES.length;
  const alarms = loads.length + MODEL.jobAlarms;
  return [
    {
      ...{ service: 'Sweeps', what: 'one a minute', quantity: sweeps, unit: '' },
      cost: (sweeps / MILLION) * perSweep,
    },
    {
      ...{ service: 'Step Functions', what: 'transitions of checkpoints', quantity: transitions, unit: '' },
      cost: (transitions / MILLION) * prices.stepFunctionsTransitionsMillion,
    },
    {
      ...{ service: 'CloudWatch', what: 'metrics', quantity: metrics, unit: '' },
      cost: metrics * prices.metricMonth,
    },
    {
      ...{ service: 'CloudWatch', what: 'alarms', quantity: alarms, unit: '' },
      cost: alarms * prices.alarmMonth,
    },
  ];
}

/** As many shards as the rate needs, and what the producer's records take. */
function inputStreamOf({ rate, bytes, idle }: Workload, { prices }: PriceTable): CostItem {
  const shards = Math.max(
    1,
    Math.ceil(rate / MODEL.shardRecordsPerSecond),
    Math.ceil((rate * bytes) / MODEL.shardBytesPerSecond),
  );
  const hours = shards * MODEL.monthHours;
  const units = rate * MODEL.monthHours * 3600 * (1 - idle) * Math.ceil(bytes / MODEL.putUnitBytes);
  return {
    ...{
      service: 'Kinesis',
      what: `your input stream, ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
      quantity: hours,
      unit: 'shard-hours',
    },
    cost: hours * prices.kinesisShardHour + (units / MILLION) * prices.kinesisPutUnitsMillion,
  };
}

function warningsOf(
  loads: readonly VertexLoad[],
  items: readonly CostItem[],
  total: number,
): readonly string[] {
  const warnings: string[] = [];
  const commits = sum(items.filter(({ what }) => /commits|payloads/.test(what)));
  if (total > 0 && commits / total > COMMITS_DOMINATE) {
    warnings.push(
      `Commits are ${Math.round((commits / total) * 100)} % of the bill: a longer batch window makes ` +
        'fewer, larger ones, and smaller state makes each cheaper.',
    );
  }
  for (const { id, source, parallelism, recordsPerSecond } of loads) {
    const most = parallelism * MODEL.shardRecordsPerSecond;
    if (!source || recordsPerSecond <= most) continue;
    warnings.push(
      `Source '${id}' reads ${Math.round(recordsPerSecond)} records a second with parallelism ` +
        `${parallelism}, and a shard takes ${MODEL.shardRecordsPerSecond}: subtasks that read several ` +
        'shards may not keep up.',
    );
  }
  return warnings;
}

function sum(items: readonly CostItem[]): number {
  return items.reduce((all, { cost }) => all + cost, 0);
}
