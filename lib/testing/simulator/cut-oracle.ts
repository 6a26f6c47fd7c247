/** Checks checkpoints when they are decided: A8, A9, A15. */
import { type CheckpointManifest, decodeCheckpoint } from '../../coordinator/checkpoint-manifest.ts';
import { readCut, readInboxRest, readInFlight } from '../../coordinator/cut-reader.ts';
import type { ScannedHead } from '../../coordinator/head-scan.ts';
import type { SubtaskFold } from '../../coordinator/subtask-fold.ts';
import { decodeValue } from '../../core/codec/value-codec.ts';
import { InvariantError } from '../../core/errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { AssertionError } from './assertion-error.ts';
import { difference } from './fold-text.ts';
import type { Ledger } from './simulated-job.ts';
import type { World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

export class CutOracle {
  readonly #world: World;
  readonly #ledger: Ledger | undefined;
  readonly #ports: { readonly objects: ObjectStore };
  readonly #manifests = new Map<string, CheckpointManifest>();

  constructor(world: World, ledger: Ledger | undefined) {
    this.#world = world;
    this.#ledger = ledger;
    this.#ports = { objects: readOnly((name) => world.objects.get(name)) };
  }

  /** What the object of this name said when its checkpoint was decided. */
  readonly manifest = (name: string): CheckpointManifest | undefined => this.#manifests.get(name);

  /** A checkpoint's record has changed. */
  checkpointChanged(before: Fields, after: Fields): void {
    const name = `checkpoint ${String(after.n)} of ${String(after.run)}`;
    const [from, to] = [before.status, after.status];
    const decided = from !== undefined && from !== 'PENDING';
    if (decided && (from !== to || before.manifest !== after.manifest)) {
      throw new AssertionError('A15', `${name} goes from ${String(from)} to ${String(to)}.`);
    }
    if (to === 'COMPLETE' && from !== 'COMPLETE') this.#checkCut(name, String(after.manifest));
  }

  /** Heads that were read as one cut. */
  checkScan(heads: Readonly<Record<string, ScannedHead>>): void {
    checkOrphans('a scan of heads', heads);
  }

  #checkCut(name: string, object: string): void {
    const bytes = this.#world.objects.get(object);
    if (bytes === undefined) throw new AssertionError('A12', `${name} names ${object}, which is not there.`);
    const manifest = decodeCheckpoint(bytes, object);
    this.#manifests.set(object, manifest);
    checkOrphans(name, manifest.subtasks);
    for (const [target, cut] of Object.entries(manifest.subtasks)) {
      const [vertex = '', subtask = ''] = target.split('/');
      const history = this.#world.history.of({ run: manifest.run, vertex, subtask: Number(subtask) });
      const { consumed, produced, positions } = history.at(cut.version).toRecords();
      if (equal(cut.consumed, consumed) && equal(cut.produced, produced) && equal(cut.positions, positions))
        continue;
      throw new AssertionError('A9', `${name}: ${target} is not what its log says at v${cut.version}.`);
    }
    if (this.#ledger === undefined) return;
    // Nothing but memory is waited for, so that this is over before anything else happens.
    this.#checkContent(name, manifest, this.#ledger).catch((error: unknown) => {
      const unreadable = `${name} cannot be restored: ${String(error)}`;
      const failure = error instanceof AssertionError ? error : new AssertionError('A9', unreadable);
      this.#world.scheduler.fail(failure);
    });
  }

  /** A9: state, what is in flight and the rest of the input hold every record once, by key. */
  async #checkContent(name: string, manifest: CheckpointManifest, ledger: Ledger): Promise<void> {
    const { vertices } = manifest.plan;
    const keeper = vertices.find(({ operators }) => operators.some(({ id }) => id === ledger.operator))?.id;
    const positions = new Map<string, string>();
    const records: string[] = [];
    const frames = [...(await readInFlight(this.#ports, manifest))];
    for (const [target, cut] of Object.entries(manifest.subtasks)) {
      const [vertex] = target.split('/');
      if (vertices.some(({ id, source }) => id === vertex && source)) {
        for (const [shard, position] of Object.entries(cut.positions)) positions.set(shard, position);
      }
      const fold = await readCut(this.#ports, cut);
      if (vertex !== keeper) continue;
      records.push(...notedIn(fold, ledger));
      frames.push(...(await readInboxRest(this.#ports, fold)));
    }
    for (const { frame } of frames) {
      if (frame.target.split('/')[0] !== keeper) continue;
      records.push(...frame.runs.flatMap((run) => run.records.map(({ value }) => ledger.textOf(value))));
    }
    for (const bytes of this.#world.input.behind(positions)) records.push(ledger.textOf(decodeValue(bytes)));
    const [expected, found] = [ledger.records, records].map((list) => numbered(list).join('\n'));
    if (expected === found) return;
    throw new AssertionError(
      'A9',
      `${name}: state, what is in flight and the rest of the input are not the input:\n${difference(
        expected ?? '',
        found ?? '',
      )}`,
    );
  }
}

function notedIn(fold: SubtaskFold, ledger: Ledger): readonly string[] {
  return fold.state
    .deltas()
    .filter(({ operator }) => operator === ledger.operator)
    .flatMap(({ keyed }) => keyed)
    .filter(({ name }) => name === ledger.state)
    .flatMap(({ changes }) => changes)
    .flatMap((change) => {
      if (change.op !== 'put') return [];
      // Chunks of a list hold its elements.
      return (change.value as readonly unknown[]).map((id) => `${String(change.key)} ${String(id)}`);
    });
}

/** Sorted, and equal ones told apart by a number. */
function numbered(records: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  return records.toSorted().map((record) => {
    const time = (times.get(record) ?? 0) + 1;
    times.set(record, time);
    return time === 1 ? record : `${record} (${time} times)`;
  });
}

function readOnly(read: (name: string) => Uint8Array | undefined): ObjectStore {
  const refuse = (): never => {
    throw new InvariantError('INVARIANT', 'The oracle only reads.');
  };
  return { get: async (name) => read(name), put: refuse, list: refuse, delete: refuse };
}

function checkOrphans(
  name: string,
  subtasks: Readonly<Record<string, Pick<ScannedHead, 'consumed' | 'produced'>>>,
): void {
  for (const [target, { consumed }] of Object.entries(subtasks)) {
    for (const [upstream, last] of Object.entries(consumed)) {
      const produced = subtasks[upstream]?.produced[target] ?? 0;
      if (last <= produced) continue;
      throw new AssertionError('A8', `${name}: ${target} has consumed ${last} of ${upstream}'s ${produced}.`);
    }
  }
}

function equal(left: Fields, right: Fields): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => left[name] === right[name]);
}
