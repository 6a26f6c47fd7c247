/** What a job has written, in a form in which two runs can be compared. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

const PART = /(^|\/)part-\d+-\d+\.(ndjson|csv|parquet)$/;

/** Rows of all parts below `folder`, each behind the name of its folder, sorted. */
export async function outputRows(folder: string): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const path of filesBelow(folder)) {
    if (!PART.test(path)) continue;
    const place = relative(folder, dirname(path));
    for (const row of await rowsOf(path)) rows.push(`${place}: ${row}`);
  }
  return rows.sort();
}

/** Hidden files below `folder`: parts that nobody will ever finish, once the job has. */
export function leftovers(folder: string): readonly string[] {
  return filesBelow(folder).filter((path) => !PART.test(path));
}

async function rowsOf(path: string): Promise<readonly string[]> {
  if (path.endsWith('.parquet')) {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    return rows.map((row) =>
      JSON.stringify(row, (_name, field) => (typeof field === 'bigint' ? `${field}` : field)),
    );
  }
  const text = readFileSync(path, 'utf8');
  if (!text.endsWith('\n')) throw new Error(`${path} ends within a row.`);
  const lines = text.slice(0, -1).split('\n');
  return path.endsWith('.csv') ? lines.slice(1) : lines;
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
