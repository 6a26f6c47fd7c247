import { dirname, join } from 'node:path';
import type { PartFiles } from '../../../../lib/connectors/file/part-files.ts';

/** What is left after a power cut of what was not on the device. */
export interface PowerCut {
  /** Bytes appended and lengths cut since the last sync of a file: gone, there, or half there. */
  readonly bytes: 'lost' | 'kept' | 'torn';
  /** Names given and removed since the last sync of a folder. */
  readonly names: 'lost' | 'kept';
}

export const POWER_CUTS: readonly PowerCut[] = (['lost', 'kept', 'torn'] as const).flatMap((bytes) =>
  (['lost', 'kept'] as const).map((names) => ({ bytes, names })),
);

/** The device: what a file holds and what of it is safe. */
interface Inode {
  data: Buffer;
  safe: Buffer;
}

/** Entries of a folder: files, and undefined for folders. */
type Entries = Map<string, Inode | undefined>;

/** Thrown by the operation at which the power goes. */
export class PowerLost extends Error {}

/** A file system in memory that writes down every operation and can lose what was not synced. */
export class RecordedFiles implements PartFiles {
  /** Every operation that changed something, for example `sync out/.part-0-0.ndjson.inprogress`. */
  readonly operations: string[] = [];
  private readonly folders = new Map<string, Entries>();
  private readonly safeFolders = new Map<string, Entries>();
  private remaining: number;

  /** `operationsMax`: the power goes before the operation after these. */
  constructor(operationsMax = Number.POSITIVE_INFINITY) {
    this.remaining = operationsMax;
    this.folders.set('.', new Map());
    this.safeFolders.set('.', new Map());
  }

  /** The device as the next process finds it; it may run `operationsMax` operations. */
  afterPowerCut({ bytes, names }: PowerCut, operationsMax = Number.POSITIVE_INFINITY): RecordedFiles {
    const next = new RecordedFiles(operationsMax);
    const survive = (path: string) => {
      const entries = names === 'lost' ? this.safeFolders.get(path) : this.folders.get(path);
      for (const [name, inode] of entries ?? []) {
        const below = join(path, name);
        const copy = inode === undefined ? undefined : survivorOf(inode, bytes);
        for (const map of [next.folders, next.safeFolders]) {
          entriesOf(map, path).set(name, copy);
          if (inode === undefined) entriesOf(map, below);
        }
        if (inode === undefined) survive(below);
      }
    };
    survive('.');
    return next;
  }

  /** The files as the next process finds them when this one is killed: nothing is lost, nothing safer. */
  afterKill(operationsMax = Number.POSITIVE_INFINITY): RecordedFiles {
    const next = new RecordedFiles(operationsMax);
    for (const [path, entries] of this.folders) next.folders.set(path, new Map(entries));
    for (const [path, entries] of this.safeFolders) next.safeFolders.set(path, new Map(entries));
    return next;
  }

  /** Something else than a file that has to be in order with files, for example a commit. */
  note(operation: string): void {
    this.step(operation);
  }

  makeFolder(path: string): void {
    if (this.folders.has(path)) return;
    const parent = dirname(path);
    this.makeFolder(parent);
    this.step(`makeFolder ${path}`);
    this.entries(parent).set(name(path), undefined);
    this.folders.set(path, new Map());
  }

  exists(path: string): boolean {
    return this.folders.get(dirname(path))?.has(name(path)) ?? false;
  }

  size(path: string): number | undefined {
    return this.folders.get(dirname(path))?.get(name(path))?.data.length;
  }

  create(path: string): void {
    this.step(`create ${path}`);
    if (this.exists(path)) throw systemError('EEXIST', path);
    this.entries(dirname(path)).set(name(path), { data: Buffer.alloc(0), safe: Buffer.alloc(0) });
  }

  append(path: string, length: number, data: string | Uint8Array): boolean {
    this.step(`append ${path}`);
    if (this.size(path) !== length) return false;
    const inode = this.inode(path);
    inode.data = Buffer.concat([inode.data, Buffer.from(data)]);
    return true;
  }

  truncate(path: string, length: number): void {
    this.step(`truncate ${path} ${length}`);
    const inode = this.inode(path);
    inode.data = inode.data.subarray(0, length);
  }

  remove(path: string): void {
    if (!this.exists(path)) return;
    this.step(`remove ${path}`);
    this.entries(dirname(path)).delete(name(path));
  }

  async sync(path: string): Promise<void> {
    this.step(`sync ${path}`);
    const inode = this.inode(path);
    inode.safe = inode.data;
  }

  async syncFolder(path: string): Promise<void> {
    this.step(`syncFolder ${path}`);
    this.safeFolders.set(path, new Map(this.entries(path)));
  }

  async rename(from: string, to: string): Promise<void> {
    this.step(`rename ${from} ${to}`);
    const inode = this.inode(from);
    this.entries(dirname(to)).set(name(to), inode);
    this.entries(dirname(from)).delete(name(from));
  }

  async list(folder: string): Promise<readonly string[]> {
    const paths: string[] = [];
    for (const [entry, inode] of this.entries(folder)) {
      const path = join(folder, entry);
      if (inode === undefined) paths.push(...(await this.list(path)));
      else paths.push(path);
    }
    return paths;
  }

  read(path: string): Buffer {
    return this.inode(path).data;
  }

  private step(operation: string): void {
    if (this.remaining-- <= 0) throw new PowerLost(operation);
    this.operations.push(operation);
  }

  private entries(folder: string): Entries {
    const entries = this.folders.get(folder);
    if (entries === undefined) throw systemError('ENOENT', folder);
    return entries;
  }

  private inode(path: string): Inode {
    const inode = this.entries(dirname(path)).get(name(path));
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }
}

function survivorOf({ data, safe }: Inode, bytes: PowerCut['bytes']): Inode {
  const half = safe.length + Math.ceil((data.length - safe.length) / 2);
  const left = bytes === 'kept' ? data : bytes === 'lost' ? safe : data.subarray(0, Math.max(0, half));
  return { data: left, safe: left };
}

function entriesOf(folders: Map<string, Entries>, path: string): Entries {
  const entries = folders.get(path) ?? new Map();
  folders.set(path, entries);
  return entries;
}

function name(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
