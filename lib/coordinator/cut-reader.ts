/** Reads what a manifest names: state at the cut, and frames in flight. */
import { decodeFrame } from '../core/codec/frame-codec.ts';
import { decodeInbox } from '../core/codec/inbox-codec.ts';
import { InvariantError } from '../core/errors.ts';
import type { Frame } from '../core/log/frame.ts';
import {
  readBaseManifest,
  readChunks,
  readObject,
  readPayload,
  readSegment,
} from '../ports/stored-objects.ts';
import type { CheckpointManifest, InFlight, SubtaskCut } from './checkpoint-manifest.ts';
import type { CoordinatorPorts } from './coordinator-ports.ts';
import { archivedItems } from './subtask-cut.ts';
import { SubtaskFold } from './subtask-fold.ts';

type ObjectPorts = Pick<CoordinatorPorts, 'objects'>;

/** A frame that a receiver had not consumed at the cut. */
export interface FrameInFlight {
  /** In the run that sent it. */
  readonly frame: Frame;
  /** Size in which it was sent. */
  readonly bytes: number;
}

/** A subtask at its version of a cut. */
export async function readCut({ objects }: ObjectPorts, cut: SubtaskCut): Promise<SubtaskFold> {
  const fold = new SubtaskFold();
  if (cut.base !== null) {
    const manifest = await readBaseManifest(objects, cut.base);
    fold.restore(manifest);
    await readChunks(objects, manifest, (deltas, content) => fold.applyChunk(deltas, content));
  }
  const range = { after: fold.version, through: cut.version };
  for (const item of await archivedItems({ objects }, cut.segments, range)) {
    fold.apply(item, await readPayload(objects, item));
  }
  if (fold.version === cut.version) return fold;
  throw new InvariantError('INVARIANT', `A cut at ${cut.version} has items only through ${fold.version}.`);
}

/** Everything in flight, channel by channel, each in its order (I12). */
export async function readInFlight(
  ports: ObjectPorts,
  manifest: CheckpointManifest,
): Promise<readonly FrameInFlight[]> {
  const frames: FrameInFlight[] = [];
  const upstreams = new Set(manifest.inFlight.map(({ upstream }) => upstream));
  for (const upstream of upstreams) {
    const channels = manifest.inFlight.filter((channel) => channel.upstream === upstream);
    const cut = manifest.subtasks[upstream];
    if (cut !== undefined) frames.push(...(await readChannels(ports, cut, channels)));
  }
  return frames;
}

/** What a subtask has not consumed yet of the inbox that the restore before gave it. */
export async function readInboxRest(
  { objects }: ObjectPorts,
  { inbox, inboxConsumed }: Pick<SubtaskFold, 'inbox' | 'inboxConsumed'>,
): Promise<readonly FrameInFlight[]> {
  const rest: FrameInFlight[] = [];
  let index = 0;
  for (const name of inbox?.objects ?? []) {
    const bytes = await readObject(objects, name);
    const frames = decodeInbox(bytes, `Inbox ${name}`);
    for (const frame of frames) {
      if (index++ >= inboxConsumed) rest.push({ frame, bytes: Math.ceil(bytes.length / frames.length) });
    }
  }
  return rest;
}

/** Looks through the sender's segments from the last to the first until every frame is found. */
async function readChannels(
  { objects }: ObjectPorts,
  cut: SubtaskCut,
  channels: readonly InFlight[],
): Promise<readonly FrameInFlight[]> {
  const wanted = new Map(channels.map((channel) => [channel.target, channel]));
  const found = new Map<string, FrameInFlight>();
  const total = channels.reduce((sum, { after, through }) => sum + through - after, 0);
  const segments = cut.segments.toSorted((a, b) => b.toVersion - a.toVersion);
  for (const segment of segments) {
    if (found.size === total) break;
    for (const item of await readSegment(objects, segment)) {
      if (item.version > cut.version) continue;
      const { outbox } = await readPayload(objects, item);
      for (const { target, cseq, bytes } of outbox) {
        const channel = wanted.get(target);
        if (channel === undefined || cseq <= channel.after || cseq > channel.through) continue;
        const frame = decodeFrame(bytes);
        if (frame.kind === 'frame') found.set(`${target} ${cseq}`, { frame, bytes: bytes.length });
      }
    }
  }
  return channels.flatMap(({ upstream, target, after, through }) =>
    Array.from({ length: through - after }, (_, i) => {
      const frame = found.get(`${target} ${after + 1 + i}`);
      if (frame !== undefined) return frame;
      throw new InvariantError(
        'INVARIANT',
        `Frame ${after + 1 + i} from ${upstream} to ${target} is in no segment of the cut.`,
      );
    }),
  );
}
