/** Executions of state machines, as the emulator runs them and as Step Functions answers. */
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, describe, expect, it } from 'vitest';
import { StateMachine } from '../../../lib/adapters/stepfunctions/state-machine.ts';
import { systemClock } from '../../../lib/adapters/system/system-clock.ts';
import { startEmulator } from '../emulator/emulator.ts';

const emulator = await startEmulator();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = new SFNClient({ endpoint: emulator.endpoint, region: 'us-east-1', credentials });
afterAll(() => emulator.stop());

async function machineOf(name: string, states: Readonly<Record<string, unknown>>): Promise<StateMachine> {
  const definition = JSON.stringify({ StartAt: Object.keys(states)[0], States: states });
  const role = { roleArn: 'arn:aws:iam::000000000000:role/any' };
  const { stateMachineArn = '' } = await client.send(
    new CreateStateMachineCommand({ name, definition, ...role }),
  );
  return new StateMachine({ client, clock: systemClock }, stateMachineArn);
}

describe('a state machine', () => {
  it('runs to its end and answers; a repetition under the same name starts nothing', async () => {
    const machine = await machineOf('answers', { Done: { Type: 'Pass', End: true } });
    const request = { name: 'once', input: { n: 1 } };
    expect(await machine.run(request)).toEqual({ n: 1 });
    expect(await machine.run(request)).toEqual({ n: 1 });
  });

  it('fails with what its function said', async () => {
    const cause = JSON.stringify({
      errorType: 'UserError',
      errorMessage: 'Job words has no run; deploy it.',
    });
    const machine = await machineOf('fails', { Failed: { Type: 'Fail', Error: 'UserError', Cause: cause } });
    await expect(machine.run({ name: 'a', input: {} })).rejects.toMatchObject({
      code: 'EXECUTION_FAILED',
      message: expect.stringContaining('is FAILED: Job words has no run; deploy it.'),
    });
  });

  it('is waited for as long as it was said, and found again', async () => {
    const wait = { Type: 'Wait', Seconds: 2, Next: 'Done' };
    const machine = await machineOf('waits', { Wait: wait, Done: { Type: 'Pass', End: true } });
    const request = { name: 'b', input: { n: 2 } };
    await expect(machine.run({ ...request, msMax: 100 })).rejects.toMatchObject({ code: 'IO_FAILED' });
    expect(await machine.run(request)).toEqual({ n: 2 });
  });

  it('that does not exist is named', async () => {
    const arn = 'arn:aws:states:us-east-1:000000000000:stateMachine:none';
    const machine = new StateMachine({ client, clock: systemClock }, arn);
    await expect(machine.run({ name: 'c', input: {} })).rejects.toThrow(arn);
  });
});
