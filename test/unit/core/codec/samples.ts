/** One of each object of the format, with every kind of part in it. */
import type { BaseManifest } from '../../../../lib/core/log/base-manifest.ts';
import type { EntryPayload } from '../../../../lib/core/log/entry-payload.ts';
import type { Frame, WatermarkHint } from '../../../../lib/core/log/frame.ts';
import type { LogItem } from '../../../../lib/core/log/log-item.ts';
import type { OperatorDelta } from '../../../../lib/core/log/state-delta.ts';
import { NO_TIMESTAMP } from '../../../../lib/core/time.ts';

const WITH_HOLE: unknown[] = [1];
WITH_HOLE[2] = 3;

export const FRAME: Frame = {
  kind: 'frame',
  run: 'r7',
  upstream: 'source/0',
  target: 'count/1',
  edge: 'e1',
  cseq: 12,
  version: 40,
  epoch: 3,
  endOfInput: false,
  runs: [
    {
      watermark: 1_000,
      idle: false,
      records: [
        { keyGroup: 17, value: { user: 'ada', amount: 1.5 }, timestamp: 1_700_000_000_000 },
        { keyGroup: 99, value: { user: 'bob', amount: -0 }, timestamp: 1_700_000_000_001 },
      ],
    },
    { watermark: 2_000, idle: true, records: [] },
    { watermark: 2_001, idle: false, records: [{ keyGroup: -1, value: 'ü\ud800', timestamp: NO_TIMESTAMP }] },
  ],
};

export const HINT: WatermarkHint = {
  kind: 'hint',
  run: 'r7',
  upstream: 'source/0',
  target: 'count/1',
  edge: 'e1',
  afterCseq: 12,
  watermark: 1_700_000_000_500,
  idle: true,
};

export const DELTAS: readonly OperatorDelta[] = [
  {
    operator: 'count',
    keyed: [
      {
        name: 'total',
        kind: 'value',
        changes: [
          {
            op: 'put',
            key: 'ada',
            namespace: undefined,
            part: undefined,
            value: { count: 3, last: new Date(5) },
          },
          {
            op: 'put',
            key: 'bob',
            namespace: undefined,
            part: undefined,
            value: { count: 4, last: undefined },
          },
          { op: 'clear', key: 'cyd', namespace: undefined },
        ],
      },
      {
        name: 'seen',
        kind: 'list',
        changes: [
          { op: 'put', key: 7, namespace: undefined, part: 0, value: [1n, 2n ** 70n] },
          { op: 'remove', key: 7, namespace: undefined, part: 1 },
        ],
      },
      {
        name: 'by day',
        kind: 'map',
        changes: [
          {
            op: 'put',
            key: ['a', 1],
            namespace: 'global',
            part: 'mon',
            value: new Map([['x', new Set([1])]]),
          },
          { op: 'remove', key: ['a', 1], namespace: 'global', part: 'tue' },
        ],
      },
      {
        name: 'sum',
        kind: 'reducing',
        changes: [{ op: 'put', key: true, namespace: [0, 60_000], part: undefined, value: Number.NaN }],
      },
      {
        name: 'mean',
        kind: 'aggregating',
        changes: [
          { op: 'put', key: 1n, namespace: [0, 60_000], part: undefined, value: new Float64Array([1, 2]) },
          { op: 'put', key: 2n, namespace: [60_000, 120_000], part: undefined, value: new Uint8Array([9]) },
        ],
      },
    ],
    timers: [
      { op: 'add', domain: 'event', key: 'ada', namespace: [0, 60_000], time: 59_999 },
      { op: 'remove', domain: 'event', key: 'ada', namespace: [0, 50_000], time: 49_999 },
      { op: 'add', domain: 'processing', key: 'bob', namespace: [0, 60_000], time: 1_700_000_000_000 },
    ],
    states: [
      {
        name: 'async',
        redistribution: 'split',
        changes: [
          { op: 'clear' },
          { op: 'put', part: '1', value: { record: WITH_HOLE, timestamp: NO_TIMESTAMP } },
          { op: 'remove', part: '0' },
        ],
      },
      { name: 'all', redistribution: 'union', changes: [{ op: 'put', part: 'u', value: null }] },
      {
        name: 'rules',
        redistribution: 'broadcast',
        changes: [{ op: 'put', part: 'r', value: { __proto__: null } }],
      },
      {
        name: 'own',
        redistribution: 'subtask',
        changes: [{ op: 'put', part: 's', value: new ArrayBuffer(2) }],
      },
    ],
    watermark: 59_000,
    keyGroupWatermarks: [
      { firstKeyGroup: 0, lastKeyGroup: 63, watermark: 60_000 },
      { firstKeyGroup: 64, lastKeyGroup: 127, watermark: 61_000 },
    ],
  },
  { operator: '#3', keyed: [], timers: [], states: [], watermark: undefined, keyGroupWatermarks: undefined },
  { operator: '#4', keyed: [], timers: [], states: [], watermark: 1, keyGroupWatermarks: [] },
];

const OUTBOX = [
  { target: 'sink/0', cseq: 5, bytes: new Uint8Array([1, 2, 3]) },
  { target: 'sink/1', cseq: 1, bytes: new Uint8Array() },
];
const INTENTS = [{ operator: 'files', id: '1/r7/sink/0/41/0', committable: { path: 'part-0', bytes: 12 } }];

export const ENTRY: EntryPayload = {
  operators: DELTAS,
  positions: { 'shard-0': '49590338271490256608559692538361571095921575989136588898', 'shard-1': '' },
  consumed: { 'source/0': 12, 'source/1': 0 },
  watermarks: {
    'source/0': { watermark: 1_000, idle: false, ended: false },
    'source/1': { watermark: Number.MAX_SAFE_INTEGER, idle: true, ended: true },
  },
  produced: { 'sink/0': 5 },
  parked: { added: [FRAME], removed: [{ upstream: 'source/1', cseq: 3 }] },
  inbox: { objects: ['inbox/0', 'inbox/1'], frames: 70 },
  inboxConsumed: 12,
  outbox: OUTBOX,
  intents: INTENTS,
  performed: ['1/r7/sink/0/40/0', '1/r7/sink/0/40/1'],
};

export const EMPTY_ENTRY: EntryPayload = {
  operators: [],
  positions: {},
  consumed: {},
  watermarks: {},
  produced: {},
  parked: { added: [], removed: [] },
  inbox: undefined,
  inboxConsumed: undefined,
  outbox: [],
  intents: [],
  performed: [],
};

export const MANIFEST: BaseManifest = {
  version: 41,
  epoch: 3,
  sentThrough: 39,
  processingTime: 1_700_000_000_000,
  code: 'c0de',
  due: 1_700_000_060_000,
  chunks: [{ name: 'base/r7/count/1/41-w-0', bytes: 4_000_000, sha256: 'ab'.repeat(32) }],
  segments: [
    { name: 'seg/r7/count/1/1-20-w', fromVersion: 1, toVersion: 20 },
    { name: 'seg/r7/count/1/21-41-w', fromVersion: 21, toVersion: 41 },
  ],
  positions: ENTRY.positions,
  consumed: ENTRY.consumed,
  watermarks: ENTRY.watermarks,
  produced: ENTRY.produced,
  parked: [FRAME],
  inbox: ENTRY.inbox,
  inboxConsumed: 70,
  unsent: [
    { version: 40, frames: [] },
    { version: 41, frames: OUTBOX },
  ],
  intents: INTENTS,
};

export const SEGMENT: readonly LogItem[] = [
  {
    version: 1,
    writer: 'w1',
    kind: 'genesis',
    epoch: 1,
    sentThrough: 0,
    processingTime: 1_700_000_000_000,
    code: 'c0de',
    due: undefined,
    inboxPending: true,
    payload: { kind: 'spilled', key: 'spill/r7/count/1/1-w1', length: 70_000, sha256: 'cd'.repeat(32) },
  },
  {
    version: 2,
    writer: 'w2',
    kind: 'data',
    epoch: 1,
    sentThrough: 1,
    processingTime: 1_700_000_000_001,
    code: 'c0de',
    due: 1_700_000_060_000,
    inboxPending: false,
    payload: { kind: 'inline', bytes: new Uint8Array([1, 2, 3]) },
  },
  {
    version: 3,
    writer: 'w3',
    kind: 'epoch',
    epoch: 2,
    sentThrough: 2,
    processingTime: 1_700_000_000_001,
    code: 'c0de',
    due: undefined,
    inboxPending: false,
    payload: { kind: 'inline', bytes: new Uint8Array() },
  },
  {
    version: 4,
    writer: 'w4',
    kind: 'seal',
    seal: 'savepoint',
    epoch: 2,
    sentThrough: 3,
    processingTime: 1_700_000_000_001,
    code: 'c0de',
    due: undefined,
    inboxPending: false,
    payload: { kind: 'inline', bytes: new Uint8Array() },
  },
];
