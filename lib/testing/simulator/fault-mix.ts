import type { SeededRandom } from './seeded-random.ts';

/** Faults of single calls to a store; each a probability per call. */
export interface CallFaults {
  /** The call has no effect and fails. */
  readonly lost: number;
  /** The call takes effect and fails. */
  readonly appliedButFailed: number;
  /** The call fails and takes effect later, after other calls, at most `LATE_MS_MAX` later. */
  readonly appliedLate: number;
  /** The client repeats the call by itself, as SDKs do: two effects, the answer is that of the second. */
  readonly repeated: number;
  /** The call takes seconds. */
  readonly slow: number;
  /** The process dies before the call, or before its answer. */
  readonly crash: number;
  /** The process stands still for a while before it sees the answer. */
  readonly stall: number;
}

/** What goes wrong in one history, and how often. All but the last three: probabilities. */
export interface FaultMix extends CallFaults {
  /** Per version that is put: a coordinator puts one just before. */
  readonly contention: number;
  /** Per batch: it is delivered again while the first delivery still runs. */
  readonly doubleDelivery: number;
  /** Per invocation: it is reported as failed while it still runs, and its environment is used again. */
  readonly abandon: number;
  /** Per environment: it has the code of another run. */
  readonly otherCode: number;
  /** Per frame that is sent: the one before it on its channel is lost. */
  readonly expire: number;
  /** Per restore: another one begins beside it. */
  readonly rival: number;
  /** Per record that is sent: it fails while others of the same call do not. */
  readonly partialSend: number;
  /** Per record that is sent: it gets a place before earlier ones. */
  readonly reorder: number;
  /** Per ten seconds: sends are refused for a while. */
  readonly throttleBurst: number;
  /** Per invocation: an idle environment is gone. */
  readonly recycle: number;
  /** Per invocation: the batch goes to another idle environment than last time. */
  readonly scatter: number;
  /** Per step of a coordinator: it is started a second time beside itself. */
  readonly twin: number;
  /** How far clocks of processes are off, either way. Unit: ms. */
  readonly clockSkewMs: number;
  /** Longest pause of the whole input, in which environments are frozen. Unit: ms. */
  readonly pauseMsMax: number;
  /** Largest batch of an event source mapping. */
  readonly batchRecordsMax: number;
}

/** The longest time after which a call that failed can still take effect. Unit: ms. */
export const LATE_MS_MAX = 15 * 60_000;

/** Nothing goes wrong. */
export const NO_FAULTS: FaultMix = Object.freeze({
  lost: 0,
  appliedButFailed: 0,
  appliedLate: 0,
  repeated: 0,
  slow: 0,
  crash: 0,
  stall: 0,
  contention: 0,
  doubleDelivery: 0,
  abandon: 0,
  otherCode: 0,
  expire: 0,
  rival: 0,
  partialSend: 0,
  reorder: 0,
  throttleBurst: 0,
  recycle: 0,
  scatter: 0.5,
  twin: 0,
  clockSkewMs: 0,
  pauseMsMax: 0,
  batchRecordsMax: 8,
});

/** Draws a mix: every kind is left out in half of the histories, so that others get far without it. */
export function drawFaultMix(random: SeededRandom): FaultMix {
  const rate = (low: number, high: number) => (random.chance(0.5) ? low * (high / low) ** random.next() : 0);
  return {
    lost: rate(0.003, 0.08),
    appliedButFailed: rate(0.003, 0.08),
    appliedLate: rate(0.003, 0.08),
    repeated: rate(0.003, 0.08),
    slow: rate(0.003, 0.1),
    crash: rate(0.002, 0.04),
    stall: rate(0.002, 0.04),
    contention: random.pick([0, 0, 0, 0, 0.2, 0.9]),
    doubleDelivery: rate(0.01, 0.4),
    abandon: rate(0.01, 0.2),
    otherCode: random.pick([0, 0, 0, 0.2]),
    expire: rate(0.01, 0.1),
    rival: random.pick([0, 0.5]),
    partialSend: rate(0.01, 0.7),
    reorder: rate(0.01, 0.5),
    throttleBurst: rate(0.02, 0.3),
    recycle: rate(0.01, 0.3),
    scatter: random.pick([0, 0.2, 1]),
    twin: rate(0.05, 0.5),
    clockSkewMs: random.pick([0, 0, 500, 120_000]),
    pauseMsMax: random.pick([0, 0, 60_000, 3 * 24 * 3_600_000]),
    batchRecordsMax: random.pick([1, 3, 8, 20]),
  };
}
