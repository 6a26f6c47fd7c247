import { describe, expect, it } from 'vitest';
import {
  baseName,
  checkpointName,
  chunkName,
  inboxName,
  parseInboxName,
  parseSpillName,
  runPrefixes,
  segmentName,
  spillName,
} from '../../../../lib/core/log/paths.ts';

const SUBTASK = { run: 'r', vertex: 'a/b-1', subtask: 3 };

describe('names of objects', () => {
  const names = [
    spillName(SUBTASK, 7, 'n1'),
    segmentName(SUBTASK, { fromVersion: 1, toVersion: 7 }, 'n1'),
    baseName(SUBTASK, 7, 'n1'),
    chunkName(SUBTASK, { version: 7, index: 0 }, 'n1'),
    inboxName(SUBTASK, 0, 'n1'),
    checkpointName('r', 7, 'n1'),
  ];

  it('are different for every kind, hold the nonce and lie under a prefix of their run', () => {
    expect(new Set(names).size).toBe(names.length);
    const prefixes = runPrefixes('r');
    for (const name of names) {
      expect(name).toContain('n1');
      expect(prefixes.filter((prefix) => name.startsWith(prefix))).toHaveLength(1);
    }
    expect(names.some((name) => runPrefixes('rr').some((prefix) => name.startsWith(prefix)))).toBe(false);
  });

  it('of payloads and inboxes tell their subtask', () => {
    expect(names.map(parseSpillName)[0]).toEqual({ subtask: 'r/a/b-1/3', version: 7 });
    expect(names.slice(1).map(parseSpillName)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(names.flatMap((name) => parseInboxName(name) ?? [])).toEqual(['r/a/b-1/3']);
  });
});
