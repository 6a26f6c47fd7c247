/**
 * Rules of the protocol that can be taken out one by one, each with what has to notice.
 *
 * A mutant that no seed catches means that the rule is not needed, or that the simulator is blind. Numbers
 * of invariants and assertions are those of docs/protocol.md.
 */
import type { SubtaskLog } from '../../ports/subtask-log.ts';
import { isConsumed } from '../../protocol/input-accounting.ts';
import { PRODUCTION_RULES, type ProtocolRules } from '../../protocol/rules.ts';
import type { AssertionId } from './assertion-error.ts';
import { type Mutation, NO_MUTATION } from './mutation.ts';

/** A rule that is taken out. */
export interface Mutant {
  readonly name: string;
  /** What is wrong now, in words. */
  readonly change: string;
  /** What may notice first. */
  readonly caughtBy: readonly AssertionId[];
  readonly mutation: Mutation;
}

/** A rule that is not taken out here, and why. */
export interface ListedRule {
  readonly name: string;
  readonly reason: string;
}

function rule(
  name: string,
  change: string,
  { rules, caughtBy }: { readonly rules: Partial<ProtocolRules>; readonly caughtBy: readonly AssertionId[] },
): Mutant {
  return {
    ...{ name, change, caughtBy },
    mutation: { ...NO_MUTATION, rules: { ...PRODUCTION_RULES, ...rules } },
  };
}

function world(
  name: string,
  change: string,
  { defects, caughtBy }: { readonly defects: Partial<Mutation>; readonly caughtBy: readonly AssertionId[] },
): Mutant {
  return { ...{ name, change, caughtBy }, mutation: { ...NO_MUTATION, ...defects } };
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

export const MUTANTS: readonly Mutant[] = [
  world('log-deletes-items', 'items behind the base are deleted, and absence means free (F1, I2)', {
    defects: { defects: { ...defects, log: { ...defects.log, deletesItems: true } } },
    caughtBy: ['A1', 'A2', 'A3', 'A4', 'A6', 'A8', 'A10', 'A14', 'invariant', 'A13'],
  }),
  world('stale-log-reads', 'reads of a log may miss its latest items', {
    defects: { defects: { ...defects, log: { ...defects.log, staleReads: true } } },
    caughtBy: ['A3', 'A8', 'A9', 'A13', 'A14', 'invariant'],
  }),
  rule('spill-name-without-nonce', 'two attempts store their payloads under one name (F2)', {
    rules: { isSpillOfAttempt: () => false },
    caughtBy: ['A12'],
  }),
  rule('dirty-cache', 'what was not committed stays in the cache (F4, I9)', {
    rules: { mayReturnToCache: ({ sealed }) => !sealed },
    caughtBy: ['A3', 'A14', 'A4', 'A5', 'A11', 'A13', 'invariant'],
  }),
  rule('thawed-invocation-goes-on', 'an invocation that was frozen acts beside a newer one (I9)', {
    rules: { mayTouchOutside: () => true },
    caughtBy: ['A3', 'A4', 'A5', 'A6', 'A14', 'invariant'],
  }),
  rule('gap-is-jumped', 'a frame ahead of a gap is consumed (F3, I6)', {
    rules: { classifyFrame: ({ cseq, consumed }) => (cseq <= consumed ? 'drop' : 'consume') },
    caughtBy: ['A5', 'A8', 'A11'],
  }),
  rule('parked-frames-are-lost', 'the position passes frames that are not kept (I7)', {
    rules: { keepsParkedFrames: () => false },
    caughtBy: ['A5'],
  }),
  rule('nothing-is-pulled', 'frames that the stream lost are not fetched from the log of their sender', {
    rules: { mustPull: () => false },
    caughtBy: ['A13'],
  }),
  rule('nothing-is-sent-again', 'whatever was not acknowledged is forgotten (I4)', {
    rules: { mustResend: () => false },
    caughtBy: ['A7'],
  }),
  rule('sends-what-is-not-committed', 'frames go out before their version is in the log (I5)', {
    rules: { sendsOnlyCommitted: () => false },
    caughtBy: ['A4'],
  }),
  rule('performs-what-is-not-committed', 'sinks write before the intent is in the log (I16)', {
    rules: { performsOnlyCommitted: () => false },
    caughtBy: ['A14'],
  }),
  rule('own-outbox-is-claimed-sent', 'an item says that its own outbox is sent (I4)', {
    rules: { sentThroughOf: ({ version }) => version + 1 },
    caughtBy: ['A7'],
  }),
  world('epoch-claims-all-sent', 'an epoch item says that everything before it is sent (I4)', {
    defects: { coordinatorLog: claimingLog },
    caughtBy: ['A7'],
  }),
  rule(
    'success-before-acknowledgement',
    'a batch is a success although its outbox is not acknowledged (I8)',
    {
      rules: { isProcessed: ({ sequenceNumber, committed }) => isConsumed(sequenceNumber, committed) },
      caughtBy: ['A7', 'A14', 'A13'],
    },
  ),
  rule('fenced-writer-reports-success', 'what was attempted is reported as processed (I8)', {
    rules: { isProcessed: ({ attempted }) => attempted },
    caughtBy: ['A6'],
  }),
  rule('foreign-item-taken-for-own', 'a version of another writer counts as the own one (I1)', {
    rules: {
      identifyPut: (item, found) => {
        if (found === undefined || found.version < item.version) return 'absent';
        return found.version === item.version ? 'mine' : 'lost';
      },
    },
    caughtBy: ['A3', 'A4', 'A5', 'A6', 'A14', 'A13', 'A7', 'A8', 'A11', 'invariant'],
  }),
  rule('epoch-not-taken-from-frames', 'a version keeps its epoch whatever it consumes (I10)', {
    rules: { epochOf: (head) => head },
    caughtBy: ['A8', 'invariant'],
  }),
  rule('heads-read-sources-first', 'heads are read in the wrong order for a cut (I11)', {
    rules: { headScanOrder: (topological) => topological },
    caughtBy: ['A8'],
  }),
  rule('ring-is-overwritten', 'slots are used again although nothing is archived (I3)', {
    rules: { hasRoom: () => true, mustCompact: () => false },
    caughtBy: ['A12'],
  }),
  rule('rebase-over-data', 'a version that lost to a batch is put behind it as it is (I9)', {
    rules: { mayRebase: () => true },
    caughtBy: ['A3', 'A5', 'A4', 'A8', 'A10', 'A14', 'A2', 'invariant'],
  }),
  rule('seal-is-ignored', 'a writer goes on behind a seal (I13)', {
    rules: { reactToSeal: () => 'run' },
    caughtBy: ['A10'],
  }),
  rule('frames-of-other-runs', 'frames of the run before are processed (I15)', {
    rules: { acceptsRun: () => true },
    caughtBy: ['A4', 'A5', 'A8', 'A11', 'A13', 'A14', 'invariant'],
  }),
  rule('other-code-commits', 'an environment with the code of another run commits', {
    rules: { mayCommitCode: () => true },
    caughtBy: ['A14'],
  }),
  rule('hint-overtakes-frames', 'a watermark takes effect before frames that it was computed behind (I14)', {
    rules: { mayApplyHint: () => true },
    caughtBy: ['A11', 'A14'],
  }),
  rule('processing-time-goes-back', 'a version takes the time of whatever clock it meets', {
    rules: { processingTimeOf: (_previous, clock) => clock },
    caughtBy: ['A8'],
  }),
  rule('inbox-is-not-consumed', 'frames of the run before are not consumed', {
    rules: { consumesInboxFirst: () => false },
    caughtBy: ['A13', 'A14'],
  }),
  world('nobody-sweeps', 'nobody looks for subtasks to which nothing comes (F5)', {
    defects: { sweeps: false },
    caughtBy: ['A13'],
  }),
  rule('checkpoint-decided-twice', 'a checkpoint that is decided is decided again (F7)', {
    rules: { mayDecideCheckpoint: () => true },
    caughtBy: ['A15'],
  }),
  rule('two-restores-both-win', 'of two restores both take the next lineage', {
    rules: { mayClaimLineage: () => true },
    caughtBy: ['A13', 'A14', 'A10', 'invariant'],
  }),
  rule('garbage-may-be-young', 'objects go before the item that names them is put', {
    rules: { isGarbage: ({ reachable }) => !reachable },
    caughtBy: ['A12', 'invariant'],
  }),
  rule('garbage-may-be-reachable', 'objects go although a base needs them', {
    rules: { isGarbage: ({ ageMs }) => ageMs > 24 * 3_600_000 },
    caughtBy: ['A12', 'invariant'],
  }),
];

export const LISTED_RULES: readonly ListedRule[] = [
  { name: 'nonce in the item', reason: 'safe without: a writer that does not know its item loses only work' },
  {
    name: 'nonce of an attempt',
    reason: 'safe here: an unknown outcome is met with the identical item only',
  },
  {
    name: 'overrun is not the head',
    reason: 'safe with the ring: a writer that takes it for the head is refused and loads again',
  },
  {
    name: 'data only behind what is sent, finish only behind what is sent',
    reason: 'unit tests: every invocation sends everything before it makes a version',
  },
  {
    name: 'hint only of what is committed',
    reason: 'unit test: simulated jobs compute watermarks from the input alone, so that an early one is true',
  },
  {
    name: 'genesis is driven',
    reason: 'safe without: the sweeper wakes a subtask whose inbox holds something; unit test',
  },
  {
    name: 'coordinator compacts a full ring',
    reason: 'unit test: no simulated job has stood still long enough for a ring to fill with epochs yet',
  },
  { name: 'seal before genesis', reason: 'unit test: simulated restores take the sealed cut' },
  { name: 'mapping is not used again', reason: 'as seal before genesis: what is sealed has not been passed' },
  { name: 'guarded state values', reason: 'unit tests of operators: user code must change what it has read' },
  { name: 'stream is not resharded', reason: 'unit test: the run stops with an error' },
  { name: 'deltas are absolute', reason: 'unit tests of operators, and A3 whenever a base is written' },
  { name: 'tombstones of table rows', reason: 'property test of the rule: no table backend exists yet' },
  { name: 'guarded upserts', reason: 'unit tests of the ids: the simulated sink keeps parts by their names' },
  { name: 'poison records', reason: 'unit tests of dead letters' },
  { name: 'size limits of items and frames', reason: 'unit tests of the codec and the encoder' },
  { name: 'external resharding', reason: 'no registration of shards exists yet' },
  { name: 'weak chains', reason: 'do not exist yet' },
  { name: 'failover of the table', reason: 'ruled out: single-region tables only' },
];
