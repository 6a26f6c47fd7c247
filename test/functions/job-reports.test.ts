/** What people are told by the coordinator. */
import { expect, it } from 'vitest';
import { type CoordinatorEvent, runStep } from '../../functions/coordinator-steps.ts';
import { deadLetterObjects } from '../../functions/dead-letter-objects.ts';
import type { DeployedCoordinator } from '../../functions/deployed-coordinator.ts';
import type { CommittedLetter } from '../../lib/ports/dead-letters.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { successfulWrites } from './counted-calls.ts';
import { DeployedFunctions } from './deployed-functions.ts';
import { mappingService } from './mapping-service.ts';
import { wordJob, words } from './word-job.ts';

async function reportingJob(seen?: (word: string) => void) {
  const deployed = new DeployedFunctions({ job: wordJob(new KeptRows(), seen), source: 'words' });
  const { deployment, ports } = deployed;
  const service = await mappingService([]);
  const coordinator: DeployedCoordinator = { deployment, ports, lambda: service.client, mappings: [] };
  const ask = (event: CoordinatorEvent) => runStep(coordinator, event);
  return { deployed, ask, close: service.close };
}

it('tells how a run is, and changes nothing', async () => {
  const { deployed, ask, close } = await reportingJob();
  await expect(ask({ step: 'status' })).rejects.toThrow('has no run; deploy it');
  await deployed.start();
  await deployed.read('words', 0, words('a', 'b'));
  await ask({ step: 'create-checkpoint', execution: 'e:1', keep: true });
  deployed.calls.take();
  expect(await ask({ step: 'status' })).toMatchObject({
    ...{ job: 'words', run: 'run-1', lineage: 1, status: 'RUNNING', failure: null, lastCheckpoint: null },
    vertices: [
      { id: 'words', parallelism: 2, versions: 2, finished: 0, committedAt: expect.any(Number) },
      { id: 'mark', parallelism: 2, versions: 0, committedAt: null },
    ],
  });
  expect(await ask({ step: 'checkpoints' })).toMatchObject({
    checkpoints: [{ n: 1, purpose: 'savepoint', status: 'PENDING', path: null }],
  });
  expect(successfulWrites(deployed.calls.take())).toEqual([]);
  await close();
});

it('tells why a run has failed', async () => {
  const { deployed, ask, close } = await reportingJob((word) => {
    throw new Error(`no ${word}`);
  });
  await deployed.start();
  await deployed.read('words', 0, words('a'));
  for (const i of [0, 1]) await deployed.forward('mark', i);
  const report = await ask({ step: 'status' });
  expect(report).toMatchObject({
    status: 'FAILED',
    failure: { subtask: expect.stringMatching(/^run-1\/mark\//), message: expect.stringContaining('no a') },
  });
  await close();
});

it('lists dead letters and drops them', async () => {
  const { deployed, ask, close } = await reportingJob();
  const letters = [1, 2, 3].map((index): CommittedLetter => {
    const reason = { code: 'RECORD_UNPARSABLE', reason: 'no JSON', position: `${index}` };
    return { id: `1/run-1/words/0/${index}/0`, letter: { operator: 'words', raw: `{${index}`, ...reason } };
  });
  await deadLetterObjects(deployed.ports.objects).keep(letters);
  const two = await ask({ step: 'dead-letters', limit: 2 });
  expect(two).toMatchObject({ letters: [{ operator: 'words', raw: '{1' }, { raw: '{2' }], more: true });
  expect(await ask({ step: 'drop-dead-letters', limit: 2 })).toEqual({ dropped: 2, more: true });
  expect(await ask({ step: 'dead-letters' })).toMatchObject({ letters: [{ raw: '{3' }], more: false });
  expect(await ask({ step: 'drop-dead-letters' })).toEqual({ dropped: 1, more: false });
  await close();
});
