/** Compares what a job that was stopped and restored has written with a run that goes through. */
import { expect } from 'vitest';
import type { Delays } from './flights.ts';

const HOUR_MS = 3_600_000;

/**
 * A record that was on its way when the job stopped is behind no watermark that was on its way: it may be in
 * its window though it is late in a run that goes through. Nothing else may differ: each window has the
 * flights that it has in that run, and those of its late ones that are not written as late.
 */
export function requireSameFlights(deployed: Delays, through: Delays): void {
  const [found, expected] = [windowsOf(deployed), windowsOf(through)];
  const [late, lateThrough] = [lateByWindow(deployed), lateByWindow(through)];
  const left = new Set(through.late);
  expect(deployed.late.filter((line) => !left.has(line))).toEqual([]);
  expect([...expected.keys()].filter((window) => !found.has(window))).toEqual([]);
  const counts = new Map(found);
  for (const [window, flights] of late) counts.set(window, (counts.get(window) ?? 0) + flights);
  const countsThrough = new Map(expected);
  for (const [window, flights] of lateThrough) {
    countsThrough.set(window, (countsThrough.get(window) ?? 0) + flights);
  }
  const sorted = (windows: ReadonlyMap<string, number>) =>
    [...windows].toSorted(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(counts)).toEqual(sorted(countsThrough));
  for (const [window, flights] of expected) {
    expect(found.get(window) ?? 0, window).toBeGreaterThanOrEqual(flights);
  }
}

/** Flights by airport and hour; each window is written once. */
function windowsOf({ hourly }: Delays): ReadonlyMap<string, number> {
  // What the job writes.
  const rows = hourly.map(
    (line) => JSON.parse(line) as { origin: string; windowStart: string; flights: number },
  );
  const windows = new Map(
    rows.map(({ origin, windowStart, flights }) => [`${origin} ${windowStart}`, flights]),
  );
  expect(windows.size).toBe(rows.length);
  return windows;
}

/** Late flights by the window that each would have been in. */
function lateByWindow({ late }: Delays): ReadonlyMap<string, number> {
  const windows = new Map<string, number>();
  for (const line of late) {
    // What the job writes.
    const { date, origin } = JSON.parse(line) as { date: string; origin: string };
    const start = Math.floor(Date.parse(date) / HOUR_MS) * HOUR_MS;
    const window = `${origin} ${new Date(start).toISOString()}`;
    windows.set(window, (windows.get(window) ?? 0) + 1);
  }
  return windows;
}
