/**
 * Flink's 64-bit times on Millrace's range, which ends at the safe integers.
 *
 * Times near Long.MAX_VALUE and Long.MIN_VALUE are moved so that these two fall on MAX_WATERMARK and
 * MIN_TIMESTAMP; distances near each end are kept, so that overflow is met in the same place. Windows aligned
 * to the epoch need their offset moved as well: `alignmentShift`.
 */
import { MAX_WATERMARK, MIN_TIMESTAMP } from '../../lib/core/time.ts';
import { CannotExpress } from './verdict.ts';

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
/** How far from either end (and from 0) a time may be. */
const REACH = 2 ** 52;

type Region = 'ordinary' | 'near-max' | 'near-min';

/** Millrace's time of a golden time: a number, or a decimal string beyond 2^53. */
export function decodeTime(golden: unknown): number {
  const big = bigOf(golden);
  switch (regionOf(big)) {
    case 'near-max':
      return MAX_WATERMARK - Number(LONG_MAX - big);
    case 'near-min':
      return MIN_TIMESTAMP + Number(big - LONG_MIN);
    default:
      return Number(big);
  }
}

/** Golden notation of one of Millrace's times. */
export function encodeTime(time: number): number | string {
  if (time >= MAX_WATERMARK - REACH) return String(LONG_MAX - BigInt(MAX_WATERMARK - time));
  if (time <= MIN_TIMESTAMP + REACH) return String(LONG_MIN + BigInt(time - MIN_TIMESTAMP));
  return time;
}

/** The one way to write a golden time. */
export function canonicalTime(golden: unknown): number | string {
  return encodeTime(decodeTime(golden));
}

/** A duration; those beyond the safe range are as good as endless. */
export function decodeDuration(golden: unknown): number {
  const big = bigOf(golden);
  return big > BigInt(MAX_WATERMARK) ? MAX_WATERMARK : Number(big);
}

/** Values of elements in cases whose elements are times: numbers and decimal strings, also in lists. */
export function decodeTimesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeTimesIn);
  return isTimeString(value) ? decodeTime(value) : value;
}

/** The reverse of `decodeTimesIn`. */
export function encodeTimesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodeTimesIn);
  return Number.isSafeInteger(value) ? encodeTime(value as number) : value;
}

/**
 * What must be added to the offset of windows with this `periodMs`, so that they lie on the moved times as
 * they lie on the golden ones. Throws CannotExpress if times of different regions need different shifts.
 */
export function alignmentShift(goldenTimes: readonly unknown[], periodMs: number): number {
  const shifts = new Set(goldenTimes.map((time) => regionShift(regionOf(bigOf(time)), periodMs)));
  if (shifts.size > 1) {
    throw new CannotExpress(
      `aligned windows of ${periodMs} ms over times near Long.MAX or Long.MIN and others`,
    );
  }
  return shifts.values().next().value ?? 0;
}

function regionShift(region: Region, periodMs: number): number {
  const period = BigInt(periodMs);
  if (region === 'near-max') return Number((BigInt(MAX_WATERMARK) - LONG_MAX) % period);
  return region === 'near-min' ? Number((BigInt(MIN_TIMESTAMP) - LONG_MIN) % period) : 0;
}

function regionOf(big: bigint): Region {
  const reach = BigInt(REACH);
  if (LONG_MAX - big < reach && big <= LONG_MAX) return 'near-max';
  if (big - LONG_MIN < reach && big >= LONG_MIN) return 'near-min';
  if (big < reach && big > -reach) return 'ordinary';
  throw new CannotExpress(`the time ${big} is neither ordinary nor near an end of the 64-bit range`);
}

function bigOf(golden: unknown): bigint {
  if (Number.isSafeInteger(golden)) return BigInt(golden as number);
  if (typeof golden === 'string' && /^-?\d+$/.test(golden)) return BigInt(golden);
  throw new CannotExpress(`${JSON.stringify(golden)} is not a time`);
}

function isTimeString(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d{16,19}$/.test(value);
}
