/** Small jobs of the public API whose output does not depend on the order in which channels are read. */
import { StreamExecutionEnvironment } from '../../api/environment.ts';
import { WatermarkStrategy } from '../../api/watermark-strategy.ts';
import { millis } from '../../core/duration.ts';
import type { StateBackend } from '../../graph/stream-graph.ts';
import { AssertionError } from './assertion-error.ts';
import { difference } from './fold-text.ts';
import type { CodeOwner } from './function-pool.ts';
import { SEEN_STATE } from './generated-functions.ts';
import { DISORDER_MS, type GeneratedInput, generateInput, type Reading } from './generated-input.ts';
import { type JobShape, SHAPES } from './job-shapes.ts';
import type { SeededRandom } from './seeded-random.ts';
import { ShardSource } from './shard-source.ts';
import type { FinishedJob, SimulatedJob } from './simulated-job.ts';
import { StoredSink, type StoredSinkPorts } from './stored-sink.ts';
import { deployTaskJob } from './task-job.ts';

/** Draws a job with its input. */
export function drawJob(random: SeededRandom): SimulatedJob {
  return createJob(random.pick(SHAPES), random, 'heap');
}

/** As `drawJob`, with its keyed state in a table. */
export function drawTableJob(random: SeededRandom): SimulatedJob {
  return createJob(random.pick(SHAPES), random, 'table');
}

function createJob(shape: JobShape, random: SeededRandom, stateBackend: StateBackend): SimulatedJob {
  const sourceParallelism = random.between(1, 2);
  const input = generateInput(random, { sources: shape.sources, sourceParallelism });
  const { readings, shards } = input;
  const chainsSink = random.chance(0.5);
  return {
    name: shape.name,
    shards,
    isQuiet: random.chance(0.25),
    inTable: stateBackend === 'table',
    ledger: shape.ledger === undefined ? undefined : ledgerOf(shape.ledger, readings),
    deploy: (parallelism) =>
      deployTaskJob({
        code: `${shape.name} x${parallelism}`,
        shards,
        newGraph: (ports, owner) =>
          graphOf(shape, { parallelism, sourceParallelism, chainsSink, stateBackend, ports, owner }),
      }),
    checkOutput: (job) => checkOutput(shape, input, job),
  };
}

function ledgerOf(operator: string, readings: readonly Reading[]): SimulatedJob['ledger'] {
  return {
    operator,
    state: SEEN_STATE,
    records: readings.map(({ id, key }) => `${key} ${id}`),
    // Records of generated jobs are readings.
    textOf: (value) => {
      const { id, key } = value as Reading;
      return `${key} ${id}`;
    },
  };
}

function checkOutput(shape: JobShape, { readings, lanes }: GeneratedInput, job: FinishedJob): void {
  const values = job.values.map(String);
  const rows = values.flatMap((row) => shape.compared?.(row) ?? [row]);
  compare(shape.expected(readings, rows), rows);
  if (shape.numbersRows === undefined) return;
  checkLanes(values, { readings, lanes });
  const latest = [...Map.groupBy(readings, ({ key }) => key)].map(([key, own]) => `${key} ${own.length}`);
  compare(
    latest,
    [...job.latest].map(([key, row]) => `${key} ${String(row).split(' ')[1]}`),
  );
}

/** Records of one key and one shard, and of the shards that follow it, keep their order. */
function checkLanes(rows: readonly string[], { readings, lanes }: Omit<GeneratedInput, 'shards'>): void {
  const numbers = new Map(rows.map((row) => [Number(row.split(' ')[2]), Number(row.split(' ')[1])]));
  const keys = new Map(readings.map(({ id, key }) => [id, key]));
  for (const lane of lanes) {
    for (const [key, ids] of Map.groupBy(lane, (id) => keys.get(id))) {
      const order = ids.map((id) => numbers.get(id) ?? 0);
      if (order.every((number, index) => index === 0 || number > (order[index - 1] ?? 0))) continue;
      throw new AssertionError('A14', `readings ${ids.join(' ')} of key ${key} got the numbers ${order}`);
    }
  }
}

function graphOf(
  shape: JobShape,
  options: {
    readonly parallelism: number;
    readonly sourceParallelism: number;
    /** The sink is part of the last keyed task; otherwise it is a task of its own. */
    readonly chainsSink: boolean;
    readonly stateBackend: StateBackend;
    readonly ports: StoredSinkPorts;
    readonly owner: CodeOwner;
  },
) {
  const env = StreamExecutionEnvironment.create().setMaxParallelism(16).setStateBackend(options.stateBackend);
  const streams = shape.sources.map((source) =>
    env.fromSource(new ShardSource<Reading>(), strategy, source).setParallelism(options.sourceParallelism),
  );
  const sink = shape
    .build(streams, options.parallelism)
    .sinkTo(new StoredSink<string>(options.ports, options.owner === 'run' ? '' : 'other code: '))
    .uid('out');
  if (options.chainsSink) sink.setParallelism(options.parallelism);
  else sink.disableChaining();
  return env.getStreamGraph(shape.name);
}

const strategy = WatermarkStrategy.forBoundedOutOfOrderness<Reading>(millis(DISORDER_MS), {
  timestamp: ({ time }) => time,
  emit: 'per-record',
});

function compare(expected: readonly string[], found: readonly string[]): void {
  const text = (rows: readonly string[]) => numbered(rows).join('\n');
  const [left, right] = [text(expected), text(found)];
  if (left === right) return;
  throw new AssertionError(
    'A14',
    `the output is not that of a sequential execution:\n${difference(left, right)}`,
  );
}

/** Sorted, and equal ones told apart by a number. */
function numbered(rows: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  return [...rows].sort().map((row) => {
    const time = (times.get(row) ?? 0) + 1;
    times.set(row, time);
    return time === 1 ? row : `${row} (${time})`;
  });
}
