import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../../lib/core/limits.ts';
import type { EntryPayload } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame } from '../../../../lib/core/log/frame.ts';
import type { LogItem } from '../../../../lib/core/log/log-item.ts';
import { SubtaskVectors } from '../../../../lib/protocol/subtask-vectors.ts';
import { VersionDraft } from '../../../../lib/runtime/invocation/version-draft.ts';
import { dueOf, wakesInVain } from '../../../../lib/runtime/invocation/version-due.ts';

const NOW = 1_000_000;

const NOTHING: EntryPayload = {
  ...{ operators: [], positions: {}, consumed: {}, watermarks: {}, produced: {} },
  ...{ parked: { added: [], removed: [] }, inbox: undefined, inboxConsumed: undefined },
  ...{ outbox: [], intents: [], performed: [] },
};

/** A draft behind one item that says this. */
function draftBehind(
  payload: Partial<EntryPayload>,
  { due, age = 0 }: { readonly due?: number; readonly age?: number } = {},
): VersionDraft {
  const vectors = new SubtaskVectors();
  const item: LogItem = {
    ...{ version: 1, writer: 'w', kind: 'data', epoch: 0, sentThrough: 1, processingTime: NOW - age },
    ...{ code: 'c', due, inboxPending: false, payload: { kind: 'inline', bytes: new Uint8Array() } },
  };
  vectors.apply(item, { ...NOTHING, ...payload });
  const draft = new VersionDraft(vectors, NOW);
  draft.nextTimer = undefined;
  return draft;
}

function frame(upstream: string, cseq: number): Frame {
  return {
    ...{ kind: 'frame', run: 'r', upstream, target: 'b/0', edge: 'e0', cseq },
    ...{ version: 1, epoch: 0, endOfInput: false, runs: [] },
  };
}

const INTENT = { id: '1/r/b/0/1/0', operator: 'sink', committable: 'a' };
const EFFECTS = {
  ...{ operators: [], frames: [], watermarks: [] },
  effects: [{ operator: 'sink', committable: 'a' }],
};

describe('what a version says of when it is due', () => {
  it('is nothing for a subtask at rest', () => {
    expect(dueOf(draftBehind({}, { due: NOW - 1 }))).toBeUndefined();
  });

  it('is the next timer', () => {
    const draft = draftBehind({});
    draft.nextTimer = NOW + 7;
    expect(dueOf(draft)).toBe(NOW + 7);
  });

  it('is the time at which a gap becomes too old: a new one counts from now, a known one from before', () => {
    const fresh = draftBehind({});
    fresh.park(frame('a/0', 2));
    expect(dueOf(fresh)).toBe(NOW + LIMITS.channelGapMs);

    const known = draftBehind({ parked: { added: [frame('a/0', 2)], removed: [] } }, { age: 400 });
    known.park(frame('a/1', 9));
    expect(dueOf(known)).toBe(NOW - 400 + LIMITS.channelGapMs);
    known.unpark(frame('a/0', 2));
    expect(dueOf(known)).toBe(NOW + LIMITS.channelGapMs);
    known.unpark(frame('a/1', 9));
    expect(dueOf(known)).toBeUndefined();
  });

  it('is soon while an effect is not known to be performed', () => {
    const made = draftBehind({});
    made.changes = EFFECTS;
    expect(dueOf(made)).toBe(NOW + LIMITS.unsentAgeMs);

    const waiting = draftBehind({ intents: [INTENT] });
    expect(dueOf(waiting)).toBe(NOW + LIMITS.unsentAgeMs);
    waiting.performed = [INTENT.id];
    expect(dueOf(waiting)).toBeUndefined();
  });

  it('is soon between the end of the input and the finished seal, and nothing behind it', () => {
    const draft = draftBehind({});
    draft.inputEnded = true;
    expect(dueOf(draft)).toBe(NOW + LIMITS.unsentAgeMs);
    draft.finishes = true;
    draft.nextTimer = NOW + 1;
    expect(dueOf(draft)).toBeUndefined();
  });

  it('is not soon because every channel that was heard of has ended: others may not have begun', () => {
    const draft = draftBehind({ watermarks: { 's#': { watermark: 5, idle: false, ended: true } } });
    expect(dueOf(draft)).toBeUndefined();
  });

  it('is the earliest of them', () => {
    const draft = draftBehind({ intents: [INTENT] });
    draft.park(frame('a/0', 2));
    expect(dueOf(draft)).toBe(NOW + LIMITS.channelGapMs);
    draft.nextTimer = NOW + 1;
    expect(dueOf(draft)).toBe(NOW + 1);
    draft.nextTimer = NOW + LIMITS.unsentAgeMs * 2;
    draft.unpark(frame('a/0', 2));
    expect(dueOf(draft)).toBe(NOW + LIMITS.unsentAgeMs);
  });
});

describe('a log that wakes its subtask in vain', () => {
  it.each([
    { due: undefined, next: undefined, vain: false },
    { due: NOW + 1, next: undefined, vain: false },
    { due: NOW, next: undefined, vain: true },
    { due: NOW, next: NOW + LIMITS.sweepIntervalMs + 1, vain: true },
    // The next sweep wakes it in any case.
    { due: NOW, next: NOW + LIMITS.sweepIntervalMs, vain: false },
  ])('is due at $due, with $next as the next: $vain', ({ due, next, vain }) => {
    const draft = draftBehind({}, due === undefined ? {} : { due });
    draft.nextTimer = next;
    expect(wakesInVain(draft)).toBe(vain);
  });
});
