/** A zip archive of text files, not compressed: the code of a small function. */
import { crc32 } from 'node:zlib';

const LOCAL_FILE = 0x04034b50;
const CENTRAL_FILE = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;

interface Entry {
  readonly name: Buffer;
  readonly content: Buffer;
  /** Place of its local header. */
  readonly offset: number;
}

/** Packs files, by their names. */
export function zip(files: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  const entries: Entry[] = [];
  let offset = 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const [path, text] of Object.entries(files)) {
    const entry = { name: Buffer.from(path), content: Buffer.from(text), offset };
    entries.push(entry);
    add(Buffer.concat([words([4, LOCAL_FILE]), sizes(entry), entry.name, entry.content]));
  }
  const start = offset;
  for (const entry of entries) {
    const place = words([2, 0], [2, 0], [2, 0], [4, 0], [4, entry.offset]);
    add(Buffer.concat([words([4, CENTRAL_FILE], [2, VERSION]), sizes(entry), place, entry.name]));
  }
  const count = entries.length;
  const length = offset - start;
  add(words([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, start], [2, 0]));
  return Buffer.concat(parts);
}

/** The fields that both headers of a file share: no flags, stored, no time. */
function sizes({ name, content }: Entry): Buffer {
  const length = content.length;
  return words(
    [2, VERSION],
    [2, 0],
    [2, 0],
    [4, 0],
    [4, crc32(content)],
    [4, length],
    [4, length],
    [2, name.length],
    [2, 0],
  );
}

/** Numbers of some bytes each, the lowest byte first. */
function words(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}
