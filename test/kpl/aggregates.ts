import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('aggregate.ts', import.meta.url));

/** A record of the Kinesis Producer Library. */
export interface Aggregate {
  readonly bytes: Uint8Array;
  /** The records that it is taken apart into. */
  readonly apart: readonly {
    readonly sequenceNumber: string;
    readonly text: string;
    readonly arrivedAt: number;
  }[];
}

/** `lines` as few aggregates, in order. */
export function aggregatesOf(lines: readonly string[]): readonly Aggregate[] {
  const options = ['--conditions=millrace-source', SCRIPT];
  const output = execFileSync(process.execPath, options, { input: JSON.stringify(lines), encoding: 'utf8' });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Aggregate => {
      const { record, apart } = JSON.parse(line);
      return {
        bytes: Buffer.from(record, 'base64'),
        apart: apart.map(
          ({ bytes, ...rest }: { bytes: string; sequenceNumber: string; arrivedAt: number }) => ({
            ...rest,
            text: Buffer.from(bytes, 'base64').toString(),
          }),
        ),
      };
    });
}
