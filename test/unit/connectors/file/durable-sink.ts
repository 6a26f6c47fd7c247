import { createFileSinkRuntime } from '../../../../lib/connectors/file/file-sink-runtime.ts';
import type { FileSinkSpec } from '../../../../lib/connectors/file/file-sink-spec.ts';
import type { PartFiles } from '../../../../lib/connectors/file/part-files.ts';
import { decodeStateChunk, encodeStateChunk } from '../../../../lib/core/codec/state-codec.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';
import { SinkHost } from '../../../../lib/local/sink-host.ts';
import { StateImage } from '../../../../lib/protocol/state-image.ts';
import { splitState } from '../../../../lib/protocol/state-split.ts';
import { SinkOperator } from '../../../../lib/runtime/task/sink-operator.ts';
import { operatorContext } from './sink-context.ts';

/** What a job has committed: how many records are behind it, and the state of its sink subtasks. */
export class CommittedState {
  position = 0;
  version = 0;
  /** One for each subtask; empty before the first commit. */
  images: StateImage[] = [];

  get restored(): boolean {
    return this.images.length > 0;
  }

  commit(position: number, deltas: readonly OperatorDelta[]): void {
    this.position = position;
    this.version++;
    deltas.forEach((delta, subtask) => {
      const image = this.images[subtask] ?? new StateImage();
      this.images[subtask] = image;
      // Through bytes, as a log keeps it.
      for (const decoded of decodeStateChunk(encodeStateChunk([delta]))) image.apply(decoded);
    });
  }

  /** State for as many subtasks; a new run begins with it when their number changes. */
  deltasFor(parallelism: number): readonly (readonly OperatorDelta[])[] {
    if (!this.restored) return [];
    const deltas = splitState(this.images, { maxParallelism: 128, newParallelism: parallelism });
    if (this.images.length !== parallelism) {
      this.images = deltas.map(imageOf);
    }
    return deltas;
  }

  copy(): CommittedState {
    const copy = new CommittedState();
    copy.position = this.position;
    copy.version = this.version;
    copy.images = this.images.map((image) => imageOf(image.deltas()));
    return copy;
  }
}

function imageOf(deltas: readonly OperatorDelta[]): StateImage {
  const image = new StateImage();
  for (const delta of deltas) image.apply(delta);
  return image;
}

/** A job that writes `records` to a sink and commits behind every `commitEvery` of them. */
export interface SinkJob<T> {
  readonly spec: FileSinkSpec<T>;
  readonly records: readonly T[];
  readonly commitEvery: number;
  readonly parallelism?: number;
  /** Ends behind that many records without ending the input. */
  readonly stopAt?: number;
}

/** The machine of one attempt. */
export interface Machine {
  readonly files: PartFiles;
  readonly clock?: () => number;
  /** Just before the state is committed. */
  readonly onCommit?: () => void;
}

/** One attempt of a job: goes on from `committed`, runs to the end of the records. */
export async function runAttempt<T>(
  { spec, records, commitEvery, parallelism = 1, stopAt }: SinkJob<T>,
  committed: CommittedState,
  { files, clock = () => 0, onCommit = () => {} }: Machine,
): Promise<void> {
  const runtime = await createFileSinkRuntime(spec, { files, clock });
  const { restored } = committed;
  await runtime.prepare?.({ jobName: 'job', operatorUid: 'sink', overwrite: false, restored });
  // The host knows nothing of the type of records.
  const host = new SinkHost(runtime as ConstructorParameters<typeof SinkHost>[0]);
  const sinks: SinkOperator[] = [];
  const deltas = committed.deltasFor(parallelism);
  for (let subtask = 0; subtask < parallelism; subtask++) {
    const sink = new SinkOperator(operatorContext('sink', { subtask, parallelism }), {
      nodeId: 1,
      runtime: host.runtime,
      deadLetters: { write: () => {} },
      currentPosition: () => '',
    });
    for (const delta of deltas[subtask] ?? []) sink.applyState(delta);
    await sink.open();
    sinks.push(sink);
    host.addWriter(sink);
  }
  if (restored) await host.recover();
  const end = stopAt ?? records.length;
  let position = committed.position;
  for (;;) {
    const next = Math.min(end, position + commitEvery);
    for (; position < next; position++) {
      // Most to the first one, so that subtasks number their parts differently.
      const subtask = position % 4 === 3 ? position % parallelism : 0;
      sinks[subtask]!.processElement(records[position], NO_TIMESTAMP);
    }
    await host.prepareCommit(position === records.length, { lineage: 1, version: committed.version + 1 });
    onCommit();
    committed.commit(
      position,
      sinks.map((sink) => sink.collectState('changes')),
    );
    await host.commit();
    if (position === end) break;
  }
  // The last committables are forgotten by a commit of their own.
  onCommit();
  committed.commit(
    position,
    sinks.map((sink) => sink.collectState('changes')),
  );
  for (const sink of sinks) await sink.close();
}
