/**
 * Rules of the protocol that can be taken out one by one, each with what has to notice.
 *
 * A mutant that no seed catches means that the rule is not needed, or that the simulator is blind. Numbers
 * of invariants and assertions are those of docs/protocol.md.
 */
import type { OperatorDelta } from '../../core/log/state-delta.ts';
import type { SubtaskLog } from '../../ports/subtask-log.ts';
import { isConsumed } from '../../protocol/input-accounting.ts';
import { PRODUCTION_RULES, type ProtocolRules } from '../../protocol/rules.ts';
import type { SubtaskProgram } from '../../runtime/invocation/subtask-program.ts';
import type { AssertionId } from './assertion-error.ts';
import { type Mutation, NO_MUTATION } from './mutation.ts';

/** A rule that is taken out. */
export interface Mutant {
  readonly name: string;
  /** What is wrong now, in words. */
  readonly change: string;
  /** Known failures that the rule is there for, by their numbers in the catalogue of failures. */
  readonly rows: readonly number[];
  /** What may notice first. */
  readonly caughtBy: readonly AssertionId[];
  /** Jobs that notice. @default those whose keyed state is in memory */
  readonly jobs?: 'table';
  readonly mutation: Mutation;
}

/** What is said of a mutant beside what it changes. */
interface Notes {
  readonly rows: readonly number[];
  readonly caughtBy: readonly AssertionId[];
  readonly jobs?: 'table';
}

function rule(
  name: string,
  change: string,
  { rules, ...notes }: Notes & { readonly rules: Partial<ProtocolRules> },
): Mutant {
  return {
    ...{ name, change, ...notes },
    mutation: { ...NO_MUTATION, rules: { ...PRODUCTION_RULES, ...rules } },
  };
}

function world(
  name: string,
  change: string,
  { defects, ...notes }: Notes & { readonly defects: Partial<Mutation> },
): Mutant {
  return { ...{ name, change, ...notes }, mutation: { ...NO_MUTATION, ...defects } };
}

const { defects } = NO_MUTATION;

/** Epoch items that say what nobody knows. */
function claimingLog(log: SubtaskLog): SubtaskLog {
  return {
    ...log,
    append: (subtask, item) =>
      log.append(subtask, item.kind === 'epoch' ? { ...item, sentThrough: item.version } : item),
  };
}

/** A program that takes what another process has added to a list for something to be added. */
function appendingTwice(program: SubtaskProgram): SubtaskProgram {
  let opened = false;
  return new Proxy(program, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...parameters: readonly unknown[]): unknown => {
        if (name === 'open') opened = true;
        // The one parameter of `applyState`.
        const deltas = parameters[0] as readonly OperatorDelta[];
        const taken = name === 'applyState' && opened ? [deltas.map(doubled)] : parameters;
        return Reflect.apply(member, target, taken);
      };
    },
  });
}

function doubled(delta: OperatorDelta): OperatorDelta {
  const keyed = delta.keyed.map((state) => ({
    ...state,
    changes: state.changes.map((change) =>
      state.kind === 'list' && change.op === 'put' && Array.isArray(change.value)
        ? { ...change, value: [...change.value, ...change.value.slice(-1)] }
        : change,
    ),
  }));
  return { ...delta, keyed };
}

export const MUTANTS: readonly Mutant[] = [
  world('log-deletes-items', 'items behind the base are deleted, and absence means free (F1, I2)', {
    defects: { defects: { ...defects, log: { ...defects.log, deletesItems: true } } },
    rows: [7, 8, 48],
    caughtBy: ['A1', 'A2', 'A3', 'A4', 'A6', 'A8', 'A10', 'A14', 'invariant', 'A13'],
  }),
  world('stale-log-reads', 'reads of a log may miss its latest items', {
    defects: { defects: { ...defects, log: { ...defects.log, staleReads: true } } },
    rows: [15],
    caughtBy: ['A3', 'A8', 'A9', 'A13', 'A14', 'invariant'],
  }),
  rule('spill-name-without-nonce', 'two attempts store their payloads under one name (F2)', {
    rules: { isSpillOfAttempt: () => false },
    rows: [17],
    caughtBy: ['A12'],
  }),
  rule('dirty-cache', 'what was not committed stays in the cache (F4, I9)', {
    rules: { mayReturnToCache: ({ sealed }) => !sealed },
    rows: [9],
    caughtBy: ['A3', 'A14', 'A4', 'A5', 'A11', 'A13', 'invariant'],
  }),
  rule('thawed-invocation-goes-on', 'an invocation that was frozen acts beside a newer one (I9)', {
    rules: { mayTouchOutside: () => true },
    rows: [10],
    caughtBy: ['A3', 'A4', 'A5', 'A6', 'A14', 'invariant'],
  }),
  rule('gap-is-jumped', 'a frame ahead of a gap is consumed (F3, I6)', {
    rules: { classifyFrame: ({ cseq, consumed }) => (cseq <= consumed ? 'drop' : 'consume') },
    rows: [26],
    caughtBy: ['A5', 'A8', 'A9', 'A11', 'A14'],
  }),
  rule('parked-frames-are-lost', 'the position passes frames that are not kept (I7)', {
    rules: { keepsParkedFrames: () => false },
    rows: [26],
    caughtBy: ['A5'],
  }),
  rule('nothing-is-pulled', 'frames that the stream lost are not fetched from the log of their sender', {
    rules: { mustPull: () => false },
    rows: [33],
    caughtBy: ['A13'],
  }),
  rule('nothing-is-sent-again', 'whatever was not acknowledged is forgotten (I4)', {
    rules: { mustResend: () => false },
    rows: [23],
    caughtBy: ['A7'],
  }),
  rule('sends-what-is-not-committed', 'frames go out before their version is in the log (I5)', {
    rules: { sendsOnlyCommitted: () => false },
    rows: [24],
    caughtBy: ['A4'],
  }),
  rule('performs-what-is-not-committed', 'sinks write before the intent is in the log (I16)', {
    rules: { performsOnlyCommitted: () => false },
    rows: [21],
    caughtBy: ['A14'],
  }),
  rule('own-outbox-is-claimed-sent', 'an item says that its own outbox is sent (I4)', {
    rules: { sentThroughOf: ({ version }) => version + 1 },
    rows: [23],
    caughtBy: ['A7'],
  }),
  world('epoch-claims-all-sent', 'an epoch item says that everything before it is sent (I4)', {
    defects: { coordinatorLog: claimingLog },
    rows: [31],
    caughtBy: ['A7'],
  }),
  rule(
    'success-before-acknowledgement',
    'a batch is a success although its outbox is not acknowledged (I8)',
    {
      rules: { isProcessed: ({ sequenceNumber, committed }) => isConsumed(sequenceNumber, committed) },
      rows: [29, 30],
      caughtBy: ['A7', 'A14', 'A13'],
    },
  ),
  rule('fenced-writer-reports-success', 'what was attempted is reported as processed (I8)', {
    rules: { isProcessed: ({ attempted }) => attempted, isSuccess: ({ unprocessed }) => !unprocessed },
    rows: [13],
    caughtBy: ['A6'],
  }),
  rule('foreign-item-taken-for-own', 'a version of another writer counts as the own one (I1)', {
    rules: {
      identifyPut: (item, found) => {
        if (found === undefined || found.version < item.version) return 'absent';
        return found.version === item.version ? 'mine' : 'lost';
      },
    },
    rows: [3, 4],
    caughtBy: ['A3', 'A4', 'A5', 'A6', 'A14', 'A13', 'A7', 'A8', 'A11', 'invariant'],
  }),
  rule('epoch-not-taken-from-frames', 'a version keeps its epoch whatever it consumes (I10)', {
    rules: { epochOf: (head) => head },
    rows: [41],
    caughtBy: ['A8', 'invariant'],
  }),
  rule('heads-read-sources-first', 'heads are read in the wrong order for a cut (I11)', {
    rules: { headScanOrder: (topological) => topological },
    rows: [40],
    caughtBy: ['A8'],
  }),
  rule('ring-is-overwritten', 'slots are used again although nothing is archived (I3)', {
    rules: { hasRoom: () => true, mustCompact: () => false },
    rows: [34],
    caughtBy: ['A12'],
  }),
  rule('rebase-over-data', 'a version that lost to a batch is put behind it as it is (I9)', {
    rules: { mayRebase: () => true },
    rows: [11],
    caughtBy: ['A3', 'A5', 'A4', 'A8', 'A10', 'A14', 'A2', 'invariant'],
  }),
  rule('seal-is-ignored', 'a writer goes on behind a seal (I13)', {
    rules: { reactToSeal: () => 'run' },
    rows: [51],
    caughtBy: ['A10'],
  }),
  rule('frames-of-other-runs', 'frames of the run before are processed (I15)', {
    rules: { acceptsRun: () => true },
    rows: [35],
    caughtBy: ['A4', 'A5', 'A8', 'A11', 'A13', 'A14', 'invariant'],
  }),
  rule('other-code-commits', 'an environment with the code of another run commits', {
    rules: { mayCommitCode: () => true },
    rows: [16],
    caughtBy: ['A14'],
  }),
  rule('hint-overtakes-frames', 'a watermark takes effect before frames that it was computed behind (I14)', {
    rules: { mayApplyHint: () => true },
    rows: [59],
    caughtBy: ['A11', 'A14'],
  }),
  rule('processing-time-goes-back', 'a version takes the time of whatever clock it meets', {
    rules: { processingTimeOf: (_previous, clock) => clock },
    rows: [56],
    caughtBy: ['A8'],
  }),
  rule('inbox-is-not-consumed', 'frames of the run before are not consumed', {
    rules: { consumesInboxFirst: () => false },
    rows: [61],
    caughtBy: ['A13', 'A14'],
  }),
  world('nobody-sweeps', 'nobody looks for subtasks to which nothing comes (F5)', {
    defects: { sweeps: false },
    rows: [47],
    caughtBy: ['A13'],
  }),
  rule('checkpoint-decided-twice', 'a checkpoint that is decided is decided again (F7)', {
    rules: { mayDecideCheckpoint: () => true },
    rows: [41, 42],
    caughtBy: ['A15'],
  }),
  rule('two-restores-both-win', 'of two restores both take the next lineage', {
    rules: { mayClaimLineage: () => true },
    rows: [53],
    caughtBy: ['A13', 'A14', 'A10', 'invariant'],
  }),
  rule('garbage-may-be-young', 'objects go before the item that names them is put', {
    rules: { isGarbage: ({ reachable }) => !reachable },
    rows: [49],
    caughtBy: ['A12', 'invariant'],
  }),
  rule('garbage-may-be-reachable', 'objects go although a base needs them', {
    rules: { isGarbage: ({ ageMs }) => ageMs > 24 * 3_600_000 },
    rows: [17, 33, 48],
    caughtBy: ['A12', 'invariant'],
  }),
  rule('retries-without-end', 'an invocation that comes too late tries again for ever', {
    rules: { mayContend: () => true },
    rows: [11],
    caughtBy: ['A16'],
  }),
  world('deltas-are-increments', 'an element of a list that is caught up with is appended once more (I9)', {
    defects: { defects: { ...defects, wrapProgram: appendingTwice } },
    rows: [14],
    caughtBy: ['A3', 'A9', 'A14'],
  }),
  world('upserts-guarded-by-version-alone', 'a row of the run before is newer than one of this run (F10)', {
    defects: {
      defects: {
        ...defects,
        upsertGuard: (id, kept) =>
          id.version > kept.version || (id.version === kept.version && id.index > kept.index),
      },
    },
    rows: [64],
    caughtBy: ['A14'],
  }),
  rule('run-begins-beside-the-old-one', 'the logs of the run before are not sealed (I13)', {
    rules: { sealsBeforeGenesis: () => false },
    rows: [51],
    caughtBy: ['A10'],
  }),
  rule('full-ring-waits', 'a coordinator waits until the subtask makes room itself (I3)', {
    rules: { compactsFullRing: () => false },
    rows: [65],
    caughtBy: ['A13'],
  }),
  rule('rows-are-left-out', 'the rows of some versions do not go into the table of keyed state (I9)', {
    rules: { writesRows: (version) => version % 3 !== 0 },
    rows: [14],
    caughtBy: ['A9'],
    jobs: 'table',
  }),
  rule('hint-before-commit', 'a watermark is told before its version is in the log (I14)', {
    rules: { mayHint: () => true },
    rows: [57],
    caughtBy: ['A11', 'A14'],
  }),
];
