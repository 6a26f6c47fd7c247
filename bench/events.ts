/**
 * Nexmark-like events as NDJSON: 2 % persons, 6 % auctions, 92 % bids, about 212 bytes each, the same at
 * every run.
 */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Bid {
  readonly type: 'bid';
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly type: 'auction';
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
}

export interface Person {
  readonly type: 'person';
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export type NexmarkEvent = Bid | Auction | Person;

const BASE_TIME = Date.UTC(2026, 0, 1);
const EVENTS_PER_SECOND = 10_000;
const WRITE_CHARS = 1 << 20;
const CHANNELS = ['Google', 'Facebook', 'Baidu', 'Apple'];
const STATES = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'];

/** Writes `count` events to `path` unless the file exists. */
export function writeEvents(path: string, count: number): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.inprogress`;
  const descriptor = openSync(partial, 'w');
  const random = xorshift(0x5eed);
  let text = '';
  for (let n = 0; n < count; n++) {
    text += `${JSON.stringify(eventOf(n, random))}\n`;
    if (text.length < WRITE_CHARS) continue;
    writeSync(descriptor, text);
    text = '';
  }
  writeSync(descriptor, text);
  closeSync(descriptor);
  renameSync(partial, path);
}

function eventOf(n: number, random: (below: number) => number): NexmarkEvent {
  const slot = n % 50;
  const epoch = Math.floor(n / 50);
  const dateTime = BASE_TIME + Math.floor((n * 1000) / EVENTS_PER_SECOND);
  if (slot === 0) return personOf(epoch, dateTime, random);
  return slot <= 3 ? auctionOf(epoch * 3 + slot - 1, dateTime, random) : bidOf(epoch, dateTime, random);
}

function personOf(epoch: number, dateTime: number, random: (below: number) => number): Person {
  return {
    type: 'person',
    id: 1000 + epoch,
    name: `Peter ${letters(7, random)}`,
    email: `${letters(7, random)}@${letters(5, random)}.com`,
    city: 'Portland',
    state: STATES[random(STATES.length)] ?? 'OR',
    dateTime,
    extra: letters(70, random),
  };
}

function auctionOf(number: number, dateTime: number, random: (below: number) => number): Auction {
  return {
    type: 'auction',
    id: 1000 + number,
    itemName: letters(12, random),
    description: letters(40, random),
    initialBid: 100 + random(10_000),
    reserve: 10_100 + random(10_000),
    dateTime,
    expires: dateTime + 10_000,
    seller: 1000 + Math.floor(number / 3),
    category: 10 + random(5),
  };
}

function bidOf(epoch: number, dateTime: number, random: (below: number) => number): Bid {
  const lastAuction = epoch * 3 + 2;
  const hot = random(2) === 0;
  const auction = hot ? Math.floor(lastAuction / 100) * 100 : Math.max(0, lastAuction - 100) + random(110);
  const channel = CHANNELS[random(CHANNELS.length)] ?? 'Google';
  return {
    type: 'bid',
    auction: 1000 + auction,
    bidder: 1000 + random(1000),
    price: 100 + random(1_000_000),
    channel,
    url: `https://www.nexmark.com/${letters(4, random)}/item.htm?query=1`,
    dateTime,
    extra: letters(48, random),
  };
}

function letters(length: number, random: (below: number) => number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(97 + random(26));
  return text;
}

/** Whole numbers in [0, below), repeatable from the seed. */
function xorshift(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
