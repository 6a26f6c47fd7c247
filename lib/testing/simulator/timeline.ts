/**
 * Which versions of which runs became part of what the job is in the end: a restore goes on from a cut, and
 * what the run before did behind it is given up.
 */
import type { CheckpointManifest } from '../../coordinator/checkpoint-manifest.ts';
import type { CommittableId } from '../../core/connector.ts';

export interface TimelineSources {
  /** Manifest that a run started from; undefined: it started empty. */
  readonly startOf: (run: string) => string | undefined;
  readonly manifest: (name: string) => CheckpointManifest | undefined;
}

export class Timeline {
  /** By run, then by `vertex/subtask`: the last version that counts; undefined: all do. */
  readonly #cuts = new Map<string, ReadonlyMap<string, number> | undefined>();

  /** The timeline that ends with `run`. */
  constructor(run: string, { startOf, manifest }: TimelineSources) {
    this.#cuts.set(run, undefined);
    for (let start = startOf(run); start !== undefined; ) {
      const cut = manifest(start);
      if (cut === undefined || this.#cuts.has(cut.run)) return;
      this.#cuts.set(
        cut.run,
        new Map(Object.entries(cut.subtasks).map(([name, { version }]) => [name, version])),
      );
      start = startOf(cut.run);
    }
  }

  /** True if the version that a committable belongs to was not given up. */
  holds({ text, version }: CommittableId): boolean {
    const [, run = '', vertex, subtask] = text.split('/');
    if (!this.#cuts.has(run)) return false;
    const cut = this.#cuts.get(run);
    return cut === undefined || version <= (cut.get(`${vertex}/${subtask}`) ?? 0);
  }
}
