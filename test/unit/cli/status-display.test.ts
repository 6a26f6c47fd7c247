import { expect, it } from 'vitest';
import type { CommandContext } from '../../../lib/cli/command-context.ts';
import { findRunningCopy } from '../../../lib/cli/running-copy.ts';
import { StatusDisplay } from '../../../lib/cli/status-display.ts';

const STATUS = {
  jobName: 'delays',
  metrics: {
    numRecordsIn: 7,
    numRecordsOut: 5,
    numLateRecordsDropped: 0,
    numRecordsInErrors: 0,
    counters: {},
  },
  durationMs: 1000,
  watermark: undefined,
  now: 1_700_000_000_000,
  lastCommit: undefined,
};

/** Keeps what goes to standard error. */
function recorded(isTerminal: boolean): { readonly context: CommandContext; readonly text: () => string } {
  let text = '';
  const context: CommandContext = {
    copy: findRunningCopy(),
    cwd: '/',
    print: () => {},
    warn: (line) => {
      text += `${line}\n`;
    },
    terminal: isTerminal
      ? {
          columns: () => 80,
          control: (sequence) => {
            text += sequence;
          },
        }
      : undefined,
    ask: undefined,
  };
  return { context, text: () => text };
}

it('replaces its block on a terminal each second, and takes it away at the end', () => {
  const { context, text } = recorded(true);
  const display = new StatusDisplay(context, { stateDir: 'state', prints: false });

  display.progress(STATUS);
  const block = text();
  display.progress(STATUS);
  display.clear();
  display.clear();

  const up = '\u001b[1A\r\u001b[J'.repeat(2);
  expect(block.split('\n')).toHaveLength(3);
  expect(text()).toBe(`${block}${up}${block.replaceAll('7/s', '0/s').replaceAll('5/s', '0/s')}${up}`);
  expect(display.intervalMs).toBe(1000);
});

it.each([
  ['elsewhere', false, false],
  ['on the terminal of a job that prints', true, true],
])('writes a line of JSON every ten seconds %s', (_, isTerminal, prints) => {
  const { context, text } = recorded(isTerminal);
  const display = new StatusDisplay(context, { stateDir: 'state', prints });

  display.progress(STATUS);
  display.clear();

  expect(display.intervalMs).toBe(10_000);
  expect(JSON.parse(text())).toMatchObject({ jobName: 'delays', status: 'running', numRecordsIn: 7 });
});

it('says from which commit a job goes on', () => {
  const { context, text } = recorded(false);

  const from = { version: 12, committedAt: Date.UTC(2024, 0, 2) };
  new StatusDisplay(context, { stateDir: 'state', prints: false }).continued(from, STATUS);

  expect(text()).toBe('The job goes on from commit 12 of 2024-01-02T00:00:00.000Z in state.\n');
});

it('counts the first rate of a job that goes on from there, not from its beginning', () => {
  const { context, text } = recorded(false);
  const display = new StatusDisplay(context, { stateDir: 'state', prints: false });
  const [before, now] = [
    { ...STATUS, durationMs: 3_600_000, metrics: { ...STATUS.metrics, numRecordsIn: 7_000_000 } },
    { ...STATUS, durationMs: 3_610_000, metrics: { ...STATUS.metrics, numRecordsIn: 7_000_500 } },
  ];

  display.continued({ version: 12, committedAt: 0 }, before);
  display.progress(now);

  expect(JSON.parse(text().split('\n')[1] ?? '')).toMatchObject({
    ...{ numRecordsIn: 7_000_500, numRecordsInPerSecond: 50 },
  });
});
