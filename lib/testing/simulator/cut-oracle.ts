/** Checks checkpoints when they are decided: A8, A9, A15. */
import { decodeCheckpoint } from '../../coordinator/checkpoint-manifest.ts';
import type { ScannedHead } from '../../coordinator/head-scan.ts';
import { AssertionError } from './assertion-error.ts';
import type { World } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

export class CutOracle {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

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
    checkOrphans(name, manifest.subtasks);
    for (const [target, cut] of Object.entries(manifest.subtasks)) {
      const [vertex = '', subtask = ''] = target.split('/');
      const history = this.#world.history.of({ run: manifest.run, vertex, subtask: Number(subtask) });
      const { consumed, produced, positions } = history.at(cut.version);
      if (equal(cut.consumed, consumed) && equal(cut.produced, produced) && equal(cut.positions, positions))
        continue;
      throw new AssertionError('A9', `${name}: ${target} is not what its log says at v${cut.version}.`);
    }
  }
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
