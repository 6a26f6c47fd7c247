/**
 * The same questions answered by hand: read, split, JSON.parse, plain Maps. No recovery, no lateness, no
 * keys but numbers; the sliding count uses slices too, so that the comparison is with the best plain loop,
 * not a naive one.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { NexmarkEvent } from './events.ts';

const WINDOW_MS = 10_000;
const SLIDE_MS = 2000;

/** Answers of every query are a number that both sides must agree on. */
export const rawLoops: Readonly<Record<string, (path: string) => number>> = {
  count: (path) => {
    let count = 0;
    forEachEvent(path, () => count++);
    return count;
  },
  filter: (path) => {
    let count = 0;
    forEachEvent(path, (event) => {
      if (event.type === 'bid' && event.auction % 123 === 0) count++;
    });
    return count;
  },
  tumbling: (path) => windowedCount(path, WINDOW_MS),
  sliding: (path) => windowedCount(path, SLIDE_MS),
};

function forEachEvent(path: string, onEvent: (event: NexmarkEvent) => void): void {
  const descriptor = openSync(path, 'r');
  const buffer = Buffer.allocUnsafe(1 << 20);
  let rest = '';
  for (let bytes = readSync(descriptor, buffer); bytes > 0; bytes = readSync(descriptor, buffer)) {
    const text = rest + buffer.toString('latin1', 0, bytes);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      onEvent(JSON.parse(text.slice(start, end)));
      start = end + 1;
    }
    rest = text.slice(start);
  }
  if (rest !== '') onEvent(JSON.parse(rest));
  closeSync(descriptor);
}

/**
 * Bids per auction in windows of 10 s every `slideMs`; the number of (window, auction) results times their
 * counts.
 */
function windowedCount(path: string, slideMs: number): number {
  const slices = new Map<number, Map<number, number>>();
  let checksum = 0;
  let nextEnd = Number.NEGATIVE_INFINITY;
  let maxTime = Number.NEGATIVE_INFINITY;
  const fire = (end: number) => {
    const window = new Map<number, number>();
    for (let start = end - WINDOW_MS; start < end; start += slideMs) {
      for (const [auction, count] of slices.get(start) ?? [])
        window.set(auction, (window.get(auction) ?? 0) + count);
    }
    slices.delete(end - WINDOW_MS);
    for (const count of window.values()) checksum += count;
  };
  forEachEvent(path, (event) => {
    if (event.type !== 'bid') return;
    const start = event.dateTime - (event.dateTime % slideMs);
    let slice = slices.get(start);
    if (slice === undefined) {
      slice = new Map();
      slices.set(start, slice);
      if (nextEnd === Number.NEGATIVE_INFINITY) nextEnd = start + slideMs;
    }
    slice.set(event.auction, (slice.get(event.auction) ?? 0) + 1);
    if (event.dateTime > maxTime) maxTime = event.dateTime;
    for (; nextEnd <= maxTime; nextEnd += slideMs) fire(nextEnd);
  });
  while (slices.size > 0) {
    fire(nextEnd);
    nextEnd += slideMs;
  }
  return checksum;
}
