import { describe, expect, it } from 'vitest';
import type { Fields } from './fields.ts';
import { caseOf, windowCase } from './golden-builder.ts';
import type { GoldenCase } from './golden-case.ts';
import { runCase } from './run-case.ts';

const MAX = '9223372036854775807';
const at = (key: string, f1: number, timestamp: number | string): Fields => ({
  element: [key, f1],
  timestamp,
});
const w = (watermark: number | string): Fields => ({ watermark });
const clock = (processingTime: number): Fields => ({ processingTime });
const sum = (record: readonly unknown[], timestamp: number | string): Fields => ({ record, timestamp });

async function passes(golden: GoldenCase): Promise<void> {
  expect(await runCase(golden)).toEqual({ kind: 'passed' });
}

describe('assigners that no shipped case uses', () => {
  it.each<readonly [string, Fields, readonly Fields[], readonly Fields[]]>([
    [
      'tumbling with an offset',
      { type: 'TumblingEventTime', sizeMs: 1000, offsetMs: 100 },
      [at('k', 1, 50), at('k', 2, 150), w(1099)],
      [sum(['k-1', -900, 100], 99), sum(['k-2', 100, 1100], 1099), w(1099)],
    ],
    [
      'sliding with a negative offset',
      { type: 'SlidingEventTime', sizeMs: 2000, slideMs: 1000, offsetMs: -500 },
      [at('k', 1, 0), w(2000)],
      [sum(['k-1', -1500, 500], 499), sum(['k-1', -500, 1500], 1499), w(2000)],
    ],
    [
      'sliding that leaves gaps',
      { type: 'SlidingEventTime', sizeMs: 100, slideMs: 1000 },
      [at('k', 1, 50), at('k', 2, 500), at('k', 4, 1099), w(1099)],
      [sum(['k-1', 0, 100], 99), sum(['k-4', 1000, 1100], 1099), w(1099)],
    ],
    [
      'sessions with a dynamic gap',
      {
        type: 'DynamicEventTimeSession',
        gapRule: 'key1 => 3000; key2 with f1==10 => 1000; key2 otherwise => 2000; else 0',
      },
      [at('key1', 3, 10), at('key2', 4, 0), at('key2', 10, 1500), w(3009)],
      [sum(['key2-14', 0, 2500], 2499), sum(['key1-3', 10, 3010], 3009), w(3009)],
    ],
    [
      'tumbling by the clock',
      { type: 'TumblingProcessingTime', sizeMs: 1000, offsetMs: 200 },
      [clock(3), at('k', 1, MAX), clock(199), clock(200), { element: ['k', 2] }, clock(1199)],
      [sum(['k-1', -800, 200], 199), sum(['k-2', 200, 1200], 1199)],
    ],
    [
      'sliding by the clock, over a jump',
      { type: 'SlidingProcessingTime', sizeMs: 2000, slideMs: 1000 },
      [clock(1500), { element: ['k', 1] }, clock(9000)],
      [sum(['k-1', 0, 2000], 1999), sum(['k-1', 1000, 3000], 2999)],
    ],
    [
      'sessions of the default rule',
      { type: 'CustomSession' },
      [at('k', 33, 5000), at('k', 1, 2000), at('k', 33, 9000), w(10000)],
      [sum(['k-34', 2000, 5000], 4999), sum(['k-33', 9000, 9000], 8999), w(10000)],
    ],
  ])('%s', (_name, assigner, steps, expected) =>
    passes(windowCase({ config: { assigner }, steps, expected })),
  );

  it('the_global_window_with_its_own_trigger', () =>
    passes(
      windowCase({
        config: { assigner: { type: 'Global', withEndOfStreamTrigger: true }, function: 'sum of f1 per key' },
        steps: [at('k', 1, 5), w(10), at('k', 2, 0), w(MAX)],
        expected: [w(10), sum(['k', 3], MAX), w(MAX)],
      }),
    ));
});

describe('triggers that no shipped case uses', () => {
  const tumbling = { type: 'TumblingEventTime', sizeMs: 4000 };
  it.each<readonly [string, Fields, readonly Fields[], readonly Fields[]]>([
    [
      'purging around purging',
      {
        assigner: tumbling,
        trigger: { type: 'Purging', of: { type: 'Purging', of: { type: 'EventTime' } } },
        allowedLatenessMs: 9,
      },
      [at('k', 1, 0), w(3999), at('k', 2, 1), w(4008), at('k', 4, 2)],
      [sum(['k-1', 0, 4000], 3999), w(3999), sum(['k-2', 0, 4000], 3999), w(4008)],
    ],
    [
      'continuous event time',
      { assigner: tumbling, trigger: { type: 'ContinuousEventTime', intervalMs: 1000 } },
      [at('k', 1, 500), w(999), w(1000), at('k', 2, 1500), w(3999)],
      [
        w(999),
        sum(['k-1', 0, 4000], 3999),
        w(1000),
        ...Array.from({ length: 3 }, () => sum(['k-3', 0, 4000], 3999)),
        w(3999),
      ],
    ],
    [
      'continuous event time, purging',
      {
        assigner: tumbling,
        trigger: { type: 'Purging', of: { type: 'ContinuousEventTime', intervalMs: 2000 } },
      },
      [at('k', 1, 500), w(2000), at('k', 2, 2500), w(3999)],
      [sum(['k-1', 0, 4000], 3999), w(2000), sum(['k-2', 0, 4000], 3999), w(3999)],
    ],
    [
      'continuous processing time',
      {
        assigner: { type: 'TumblingProcessingTime', sizeMs: 4000 },
        trigger: { type: 'ContinuousProcessingTime', intervalMs: 3000 },
      },
      [clock(500), { element: ['k', 1] }, clock(3000), { element: ['k', 2] }, clock(3999)],
      [sum(['k-1', 0, 4000], 3999), sum(['k-3', 0, 4000], 3999)],
    ],
    [
      'count over merging sessions',
      {
        assigner: { type: 'EventTimeSession', gapMs: 100 },
        trigger: { type: 'Purging', of: { type: 'Count', n: 3 } },
      },
      [at('k', 1, 0), at('k', 2, 200), at('k', 4, 100), at('k', 8, 150)],
      [sum(['k-7', 0, 300], 299)],
    ],
    [
      'the clock on windows of event time',
      { assigner: tumbling, trigger: { type: 'ProcessingTime' } },
      [at('k', 1, 500), w(100), clock(3998), clock(3999)],
      [w(100), sum(['k-1', 0, 4000], 3999)],
    ],
    [
      'the watermark on windows of the clock',
      { assigner: { type: 'TumblingProcessingTime', sizeMs: 4000 }, trigger: { type: 'EventTime' } },
      [{ element: ['k', 1] }, w(3999)],
      [sum(['k-1', 0, 4000], 3999), w(3999)],
    ],
    [
      'processing timeout',
      {
        assigner: tumbling,
        trigger: {
          type: 'ProcessingTimeout',
          of: { type: 'Count', n: 3 },
          timeoutMs: 50,
          resetTimerOnNewRecord: true,
          shouldClearOnTimeout: true,
        },
      },
      [at('k', 1, 0), clock(40), at('k', 2, 0), clock(89), clock(90)],
      [sum(['k-3', 0, 4000], 3999)],
    ],
    ['never', { assigner: tumbling, trigger: { type: 'Never' } }, [at('k', 1, 0), w(MAX)], [w(MAX)]],
  ])('%s', (_name, config, steps, expected) => passes(windowCase({ config, steps, expected })));
});

describe('evictors that no shipped case uses', () => {
  const countTwo = { type: 'Count', n: 2 };
  it.each<readonly [string, Fields, readonly Fields[], readonly Fields[]]>([
    [
      'count before',
      {
        assigner: { type: 'Global' },
        trigger: countTwo,
        evictor: { type: 'Count', max: 1, evictAfter: false },
      },
      [at('k', 1, 0), at('k', 2, 0), at('k', 4, 0), at('k', 8, 0)],
      [sum(['k', 2], MAX), sum(['k', 8], MAX)],
    ],
    [
      'time after, in sessions',
      {
        assigner: { type: 'EventTimeSession', gapMs: 100 },
        trigger: countTwo,
        evictor: { type: 'Time', windowMs: 50, evictAfter: true },
      },
      [at('k', 1, 0), at('k', 2, 60), at('k', 4, 90), at('k', 8, 100)],
      [sum(['k', 3], 159), sum(['k', 14], 199)],
    ],
    [
      'delta before',
      {
        assigner: { type: 'Global' },
        trigger: countTwo,
        evictor: { type: 'Delta', threshold: 3, evictAfter: false },
      },
      [at('k', 1, 0), at('k', 4, 0), at('k', 5, 0), at('k', 6, 0)],
      [sum(['k', 4], MAX), sum(['k', 15], MAX)],
    ],
  ])('%s', (_name, config, steps, expected) =>
    passes(windowCase({ config: { function: 'sum of f1 per key', ...config }, steps, expected })),
  );
});

describe('contents and functions', () => {
  it.each(['buffered list', 'incremental reduce', 'reduce; also buffered list', undefined])(
    '%s',
    (contents) =>
      passes(
        windowCase({
          config: {
            assigner: { type: 'TumblingEventTime', sizeMs: 10 },
            ...(contents === undefined ? {} : { contents }),
          },
          steps: [at('k', 1, 0), at('k', 2, 1), w(9)],
          expected: [sum(['k-3', 0, 10], 9), w(9)],
        }),
      ),
  );

  it('every_element_unchanged_with_late_ones_aside', () =>
    passes({
      ...windowCase({
        config: {
          assigner: { type: 'TumblingEventTime', sizeMs: 10 },
          function: 'emit every buffered element unchanged',
          output: 'element',
          sideOutputLateData: 'late',
        },
        steps: [at('k', 1, 0), at('k', 2, 1), w(9), at('k', 3, 2)],
        expected: [sum(['k', 1], 9), sum(['k', 2], 9), w(9)],
      }),
      expectedSideOutput: { late: [sum(['k', 3], 2)] },
    }));
});

describe('times near the ends of the 64-bit range', () => {
  const near = (below: number): string => String(2n ** 63n - 1n - BigInt(below));
  // Long.MAX_VALUE is 807 above a multiple of 1000.
  it.each<readonly [string, Fields, readonly Fields[], readonly Fields[]]>([
    [
      'sliding windows with an offset',
      { type: 'SlidingEventTime', sizeMs: 2000, slideMs: 1000, offsetMs: 7 },
      [at('k', 1, near(3000)), w(near(1801))],
      [
        sum(['k-1', near(4800), near(2800)], near(2801)),
        sum(['k-1', near(3800), near(1800)], near(1801)),
        w(near(1801)),
      ],
    ],
    [
      'sessions',
      { type: 'EventTimeSession', gapMs: 100 },
      [at('k', 1, near(1000)), at('k', 2, near(950)), w(MAX)],
      [sum(['k-3', near(1000), near(850)], near(851)), w(MAX)],
    ],
  ])('%s', (_name, assigner, steps, expected) =>
    passes(windowCase({ config: { assigner }, steps, expected })),
  );

  it('ordinary_watermarks_may_come_first', () =>
    passes(
      windowCase({
        config: { assigner: { type: 'TumblingEventTime', sizeMs: 1000 }, allowedLatenessMs: 2000 },
        steps: [w(5), at('k', 1, near(1750)), w(near(808))],
        expected: [w(5), sum(['k-1', near(1807), near(807)], near(808)), w(near(808))],
      }),
    ));

  it('aligned_windows_over_both_ends_are_skipped', async () => {
    const golden = windowCase({
      config: { assigner: { type: 'TumblingEventTime', sizeMs: 1000 } },
      steps: [at('k', 1, 5), at('k', 1, near(1750))],
      expected: [],
    });
    expect((await runCase(golden)).kind).toBe('skipped');
  });

  it('generators_and_valves', async () => {
    await passes(
      caseOf({
        operator: 'WatermarkGenerator',
        config: { type: 'BoundedOutOfOrderness', delayMs: 10 },
        steps: [
          { onEvent: '-9223372036854775803' },
          { onPeriodicEmit: true },
          { onEvent: near(0) },
          { onPeriodicEmit: true },
        ],
        expected: [w('-9223372036854775808'), w(near(11))],
      }),
    );
    await passes(
      caseOf({
        operator: 'WatermarkValve',
        config: { channels: 2 },
        steps: [
          { channel: 0, watermark: MAX },
          { channel: 1, watermark: near(5) },
        ],
        expected: [w(near(5))],
      }),
    );
  });
});

describe('descriptions of functions in the words of the shipped ones', () => {
  it.each<readonly [string, string, Fields, readonly Fields[], readonly Fields[]]>([
    [
      'KeyedCoProcess',
      'the clock',
      {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of descriptions.
        function: 'both inputs: emit `${v}PT:${currentProcessingTime} TS:${timestamp ?? "null"}`',
      },
      [clock(17), { element: 5, input: 1 }, { element: '6', timestamp: 3, input: 2 }],
      [{ record: '5PT:17 TS:null' }, { record: '6PT:17 TS:3', timestamp: 3 }],
    ],
    [
      'KeyedCoProcess',
      'processing-time timers',
      {
        function:
          'input1: emit "INPUT1:"+v, procTimer(5). ' +
          'input2: emit "INPUT2:"+v, procTimer(6). onTimer: emit "1777"',
      },
      [{ element: 17, input: 1 }, { element: '18', input: 2 }, clock(5), clock(6)],
      [{ record: 'INPUT1:17' }, { record: 'INPUT2:18' }, { record: '1777' }, { record: '1777' }],
    ],
    [
      'KeyedCoProcess',
      'state in the other domain',
      {
        timeDomain: 'processing',
        function:
          'value state s. processElement: if s==null ' +
          '{emit "INPUT"+inputNo+":"+v; s=v; registerTimer(current+5)} else {s.clear(); deleteTimer(current+4)}. onTimer: emit "STATE:"+s',
      },
      [
        clock(1),
        { element: 17, input: 1 },
        { element: 13, input: 1 },
        clock(2),
        { element: '13', input: 2 },
        clock(6),
      ],
      [{ record: 'INPUT1:17' }, { record: 'INPUT1:13' }, { record: 'STATE:17' }],
    ],
    [
      'KeyedProcess',
      'the first watermark',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of descriptions.
      { function: 'emit `${v}TIME:${timerService.currentWatermark} TS:${ctx.timestamp}`' },
      [{ element: 5, timestamp: 12 }],
      [{ record: '5TIME:-9223372036854775808 TS:12', timestamp: 12 }],
    ],
  ])('%s: %s', (operator, _what, config, steps, expected) => {
    const keyBy = operator === 'KeyedProcess' ? 'identity' : 'String(element) on both inputs';
    return passes(caseOf({ operator, config: { keyBy, ...config }, steps, expected }));
  });
});
