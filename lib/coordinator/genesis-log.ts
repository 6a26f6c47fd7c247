/**
 * Writes genesis items and drives their inboxes until they are empty.
 *
 * 1. A genesis item is version 1 of a log or is not written at all: a log that begins with a seal belongs to
 *    a run that another restore has given up (I2, I13).
 * 2. Its inbox is stored before the item.
 * 3. A restored subtask may never get another input: the coordinator invokes it until nothing waits.
 */
import { encodeInbox } from '../core/codec/inbox-codec.ts';
import { FencedError, RetryableError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Inbox } from '../core/log/entry-payload.ts';
import type { Frame } from '../core/log/frame.ts';
import type { LogItem } from '../core/log/log-item.ts';
import { inboxName, spillName } from '../core/log/paths.ts';
import { type SubtaskId, subtaskPath } from '../core/log/subtask-id.ts';
import { storeObject, storePayload } from '../ports/stored-objects.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import type { FrameInFlight } from './cut-reader.ts';
import type { Genesis } from './genesis.ts';
import type { RunState } from './job-tables.ts';
import { findHead } from './log-head.ts';
import { subtasksOf } from './run-plan.ts';
import { voidPayload } from './subtask-fold.ts';

/** Writes the genesis item of one subtask, unless it is there. Throws FencedError RUN_FENCED. */
export async function writeGenesis(
  ports: Pick<CoordinatorPorts, 'log' | 'objects' | 'nonce'>,
  run: Pick<RunState, 'id' | 'code'>,
  { genesis, inFlight }: { readonly genesis: Genesis; readonly inFlight: readonly FrameInFlight[] },
): Promise<void> {
  const subtask = { run: run.id, vertex: genesis.vertex, subtask: genesis.subtask };
  if (await hasGenesis(ports, subtask)) return;
  const writer = ports.nonce();
  const inbox = await storeInbox(ports, { subtask, inFlight, nonce: writer });
  const { operators, positions, intents, processingTime, due } = genesis;
  const payload = { ...voidPayload(), operators, positions, intents, inbox };
  const item: LogItem = {
    version: 1,
    writer,
    kind: 'genesis',
    epoch: 0,
    sentThrough: 1,
    processingTime,
    code: run.code,
    due,
    inboxPending: inbox !== undefined,
    payload: await storePayload(ports.objects, payload, spillName(subtask, 1, writer)),
  };
  const result = await ports.log.append(subtask, item);
  if (result.kind === 'refused' && !(await hasGenesis(ports, subtask))) throw fenced(subtask);
}

/** Invokes every subtask whose inbox holds something, once; for each its name and the head it has. */
async function driveGenesis(
  ports: Pick<CoordinatorPorts, 'log' | 'invoker'>,
  run: Pick<RunState, 'id' | 'plan'>,
): Promise<ReadonlyMap<string, number>> {
  const pending = new Map<string, number>();
  for (const subtask of subtasksOf(run.plan, run.id)) {
    const { item } = await findHead(ports.log, subtask);
    if (item === undefined || !item.inboxPending || item.kind === 'seal') continue;
    pending.set(subtaskPath(subtask), item.version);
    await ports.invoker.invoke(subtask, { kind: 'genesis' });
  }
  return pending;
}

/**
 * Repeats `driveGenesis` until every inbox is empty. Throws RetryableError IO_FAILED if for a long time no
 * subtask consumes anything.
 */
export async function driveUntilEmpty(
  ports: Pick<CoordinatorPorts, 'log' | 'invoker' | 'clock' | 'rules'>,
  run: Pick<RunState, 'id' | 'plan'>,
): Promise<void> {
  let before = '';
  for (let stalled = 0; stalled < LIMITS.genesisStalledRoundsMax; ) {
    const pending = await driveGenesis(ports, run);
    if (!ports.rules.drivesGenesis(pending.size)) return;
    const now = JSON.stringify([...pending]);
    if (now === before) {
      stalled++;
      await ports.clock.sleep(LIMITS.genesisPauseMs);
    } else {
      stalled = 0;
    }
    before = now;
  }
  throw new RetryableError(
    'IO_FAILED',
    `Subtasks of run ${run.id} do not consume what was in flight before the restore: ${before}. Look at ` +
      'their errors and repeat the restore.',
  );
}

async function hasGenesis({ log }: Pick<CoordinatorPorts, 'log'>, subtask: SubtaskId): Promise<boolean> {
  if ((await log.readBase(subtask)) !== undefined) return true;
  const first = await log.readSlot(subtask, 1);
  if (first === undefined) return false;
  if (first.kind !== 'genesis' && first.version === 1) throw fenced(subtask);
  return true;
}

async function storeInbox(
  { objects }: Pick<CoordinatorPorts, 'objects'>,
  {
    subtask,
    inFlight,
    nonce,
  }: { readonly subtask: SubtaskId; readonly inFlight: readonly FrameInFlight[]; readonly nonce: string },
): Promise<Inbox | undefined> {
  const names: string[] = [];
  const store = async (frames: readonly Frame[]): Promise<void> => {
    const name = inboxName(subtask, names.length, nonce);
    await storeObject(objects, name, encodeInbox(frames));
    names.push(name);
  };
  let frames: Frame[] = [];
  let size = 0;
  for (const { frame, bytes } of inFlight) {
    if (frames.length > 0 && size + bytes > LIMITS.inboxObjectBytes) {
      await store(frames);
      frames = [];
      size = 0;
    }
    frames.push(frame);
    size += bytes;
  }
  if (frames.length === 0) return undefined;
  await store(frames);
  return { objects: names, frames: inFlight.length };
}

function fenced(subtask: SubtaskId): FencedError {
  return new FencedError(
    'RUN_FENCED',
    `The log of ${subtaskPath(subtask)} does not begin with a genesis item: another restore has given this ` +
      'run up. Repeat the restore as a new one.',
  );
}
