/** The first example in processes that fail, with batches that come twice and coordinators that run twice. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { AwsClients } from './aws-stores.ts';
import { deploy, execute, linesIn, putLines, untilConsumed } from './deployed-job.ts';
import { type Emulator, startEmulator } from './emulator/emulator.ts';
import { FaultPlan } from './faults/fault-plan.ts';
import { FAULT_CALLS, FAULT_KINDS, type FaultKind } from './faults/injected-faults.ts';
import { embeddedRun, firstFlights } from './flights.ts';
import { consistentCheckpoints, storesOf } from './job-stores.ts';
import { scaled } from './scale.ts';
import { type Outputs, outputOf } from './stack-outputs.ts';

const FLIGHTS = 20_000;
/** What stays refused or unanswered takes all tries of its client; alone, such calls are less often. */
const RATES = {
  mixed: 0.03,
  refused: 0.02,
  unanswered: 0.02,
  'killed-before': 0.05,
  'killed-after': 0.05,
  'thrown-before': 0.05,
  'thrown-after': 0.05,
};
const REPEATS = 0.1;

/** The mixed row is in every check of a change; a full run has each kind on its own too. */
const ROWS: readonly { readonly name: keyof typeof RATES; readonly kinds: readonly FaultKind[] }[] = [
  { name: 'mixed' as const, kinds: FAULT_KINDS },
  ...FAULT_KINDS.map((kind) => ({ name: kind, kinds: [kind] })),
].slice(0, scaled(1, 1 + FAULT_KINDS.length));

let emulator: Emulator;
let plan: FaultPlan;

afterEach(async () => {
  await emulator?.stop();
  plan?.remove();
});

/** The same step by two coordinators at once; one of them does it. */
async function twice(machine: string, input: unknown = {}) {
  return Promise.all([execute(emulator, machine, input), execute(emulator, machine, input)]);
}

async function results(clients: AwsClients, outputs: Outputs) {
  const bucket = outputOf(outputs, 'ResultsBucket');
  return {
    hourly: (await linesIn(clients, bucket, 'hourly/')).toSorted(),
    late: (await linesIn(clients, bucket, 'late/')).toSorted(),
  };
}

describe('exactly once on AWS', () => {
  it.each(ROWS)('with faults of processes: $name', { timeout: 500_000 }, async ({ name, kinds }) => {
    plan = new FaultPlan(RATES[name], kinds);
    emulator = await startEmulator({ repeats: REPEATS });
    const clients = new AwsClients(emulator.endpoint);
    const outputs = await deploy(emulator, 'test/e2e/apps/faulty-job.ts', plan.environment);
    const flights = await firstFlights(FLIGHTS);
    const stream = outputOf(outputs, 'FlightsStream');
    await putLines(clients, stream, flights.slice(0, FLIGHTS / 2));
    const checkpoints = await twice(outputOf(outputs, 'JobCheckpointArn'));
    expect(checkpoints).toContainEqual(expect.objectContaining({ kind: 'complete', n: 1 }));
    expect(await consistentCheckpoints(await storesOf(clients, outputs, 'Job'))).not.toHaveLength(0);
    const sequenceNumber = await putLines(clients, stream, flights.slice(FLIGHTS / 2));
    await untilConsumed(clients, outputs, { vertex: 'flights', sequenceNumber });
    await twice(outputOf(outputs, 'JobStopArn'), { mode: 'drain' });

    const { hourly, late } = embeddedRun(flights);
    expect(await results(clients, outputs)).toEqual({ hourly: hourly.toSorted(), late: late.toSorted() });
    const faults = plan.faults();
    const injected = new Set(faults.map(({ kind, call }) => `${kind} ${call}`));
    expect(injected).toEqual(new Set(kinds.flatMap((kind) => FAULT_CALLS.map((call) => `${kind} ${call}`))));
    expect(readFileSync(emulator.logFile, 'utf8')).toContain('repeated a batch');
  });
});
