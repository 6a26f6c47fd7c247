import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { caseOf, shippedCase } from './golden-builder.ts';
import { runCase } from './run-case.ts';

const sliding = shippedCase('window.sliding.eventTime.reduce');
const valve = shippedCase('valve.multi.flushMaxWhenAllIdle');

describe('a wrong expectation fails', () => {
  it.each([
    ['a record', { record: ['key1', 4], timestamp: 999 }],
    ['a timestamp', { record: ['key1', 3], timestamp: 998 }],
    ['a missing timestamp', { record: ['key1', 3] }],
    ['a watermark instead of a record', { watermark: 999 }],
  ])('in %s', async (_what, first) => {
    const verdict = await runCase({ ...sliding, expected: [first, ...sliding.expected.slice(1)] });
    expect(verdict.kind).toBe('failed');
  });

  it('when_an_output_is_missing_or_too_many', async () => {
    const missing = await runCase({ ...sliding, expected: [...sliding.expected, { watermark: 9000 }] });
    const tooMany = await runCase({ ...sliding, expected: sliding.expected.slice(0, -1) });
    expect([missing.kind, tooMany.kind]).toEqual(['failed', 'failed']);
  });

  it('when_a_record_is_on_the_other_side_of_a_watermark', async () => {
    const [record, watermark, ...rest] = sliding.expected;
    const verdict = await runCase({ ...sliding, expected: [watermark!, record!, ...rest] });
    expect(verdict.kind).toBe('failed');
  });

  it('in_a_count_after_a_step', async () => {
    const verdict = await runCase({ ...sliding, checks: [{ afterStep: 9, outputCount: 3 }] });
    expect(verdict).toEqual({
      kind: 'failed',
      difference: expect.stringContaining('after step 9: expected 3 outputs, actual 2'),
    });
  });

  it('in_a_count_after_a_step_that_does_not_exist', async () => {
    const verdict = await runCase({ ...valve, checks: [{ afterStep: 99, outputCount: 1 }] });
    expect(verdict.kind).toBe('failed');
  });

  it('in_a_side_output', async () => {
    const late = shippedCase('window.late.sideOutput.tumbling');
    const verdict = await runCase({ ...late, expectedSideOutput: { late: [] } });
    expect(verdict).toEqual({ kind: 'failed', difference: expect.stringContaining('side output late') });
  });

  it('when_an_expected_error_does_not_come', async () => {
    const verdict = await runCase({ ...sliding, expectError: 'IllegalArgument' });
    expect(verdict.kind).toBe('failed');
  });

  it('when_an_error_comes_that_is_not_expected', async () => {
    const verdict = await runCase({ ...shippedCase('keyedProcess.nullOutputTag'), expectError: undefined });
    expect(verdict.kind).toBe('failed');
  });

  it.each([
    ['valve.multi.flushMaxWhenAllIdle', [{ watermark: 3 }, { watermark: 9 }, { watermarkStatus: 'IDLE' }]],
    ['multiplexer.noRegressAfterIdle', [{ lastWatermark: 3, idle: false }]],
    ['multiplexer.idleOnly', [{ lastWatermark: null, idle: false }]],
    [
      'assigner.tumbling.5000',
      [{ windows: [[0, 5000]] }, { windows: [[0, 5000]] }, { windows: [[0, 5000]] }],
    ],
    ['wmGenerator.bounded.nonMonotone', [{ watermark: 12335 }]],
    ['keyedReduce.rolling', [{ record: 1, timestamp: 1 }]],
    ['timerService.delete', [{ timer: ['k1', 'ciao', 10] }]],
    ['trigger.eventTime.late', [{ trigger: 'CONTINUE' }]],
    ['trigger.eventTime.mergeLate', [{ trigger: 'CONTINUE' }, { trigger: 'CONTINUE' }, { timers: 1 }]],
    [
      'sessionMerge.consecutive',
      [
        {
          merged: [
            [0, 1],
            [1, 2],
          ],
          result: [0, 2],
        },
      ],
    ],
    ['mergingWindowSet.incremental', [{ stateWindows: { '10-15': [10, 14] } }]],
    ['keyGroups.defaultMaxParallelism', Array.from({ length: 10 }, () => ({ defaultMaxParallelism: 128 }))],
    ['wmAssigner.punctuated', [{ record: [true, 2], timestamp: 2 }]],
    ['keyedCoProcess.currentKey', [{ record: '5,6' }]],
  ])('in a case of each group: %s', async (name, expected) => {
    const verdict = await runCase({ ...shippedCase(name), expected });
    expect(verdict.kind).toBe('failed');
  });

  it.each([
    ['timerService.onePhysicalProcTimer', 'expectCounts', { total: 4 }],
    ['mergingWindowSet.bridge', 'expectResult', [1, 2]],
    ['mergingWindowSet.incremental', 'expectMerged', true],
  ])('in what a step of %s expects', async (name, field, value) => {
    const golden = shippedCase(name);
    const index = golden.steps.findIndex((step) => field in step);
    const steps = golden.steps.with(index, { ...golden.steps[index], [field]: value });
    expect((await runCase({ ...golden, steps })).kind).toBe('failed');
  });

  it('when_the_operator_breaks_instead_of_refusing', async () => {
    const steps = [{ channel: 7, watermark: 1 }];
    expect((await runCase({ ...valve, steps, checks: [], expectError: 'any' })).kind).toBe('failed');
  });
});

describe('what the runner does not know is skipped', () => {
  const { config } = sliding;
  it.each([
    ['an operator', { ...sliding, operator: 'Cep' }],
    ['an order', { ...valve, order: 'roughly' }],
    ['an assigner', { ...sliding, config: { ...config, assigner: { type: 'Cumulative', sizeMs: 1 } } }],
    [
      'a field of an assigner',
      { ...sliding, config: { ...config, assigner: { type: 'Global', jitterMs: 1 } } },
    ],
    ['a trigger', { ...sliding, config: { ...config, trigger: { type: 'Delta', threshold: 1 } } }],
    [
      'a nested trigger',
      { ...sliding, config: { ...config, trigger: { type: 'Purging', of: { type: 'Moon' } } } },
    ],
    ['an evictor', { ...sliding, config: { ...config, evictor: { type: 'Random' } } }],
    ['a function', { ...sliding, config: { ...config, function: 'median of f1' } }],
    ['an output', { ...sliding, config: { ...config, output: '[sum]' } }],
    ['contents', { ...sliding, config: { ...config, contents: 'a sketch' } }],
    ['a field of the config', { ...sliding, config: { ...config, parallelism: 2 } }],
    ['a key selector', { ...sliding, config: { ...config, keyBy: 'element.name' } }],
    ['a step', { ...sliding, steps: [{ barrier: 1 }], checks: [] }],
    ['a field of a step', { ...sliding, steps: [{ watermark: 1, channel: 2 }], checks: [] }],
    ['an expected output', { ...sliding, expected: [{ barrier: 1 }] }],
    ['a check', { ...sliding, checks: [{ afterStep: 1, timers: 1 }] }],
    [
      'a description',
      { ...shippedCase('keyedProcess.eventTimeTimer'), config: { keyBy: 'identity', function: 'sing' } },
    ],
    ['a generator', { ...shippedCase('wmAssigner.periodic'), config: { generator: 'hourly' } }],
    [
      'a reduce function',
      { ...shippedCase('keyedReduce.rolling'), config: { keyBy: 'identity', reduce: 'a-b' } },
    ],
    [
      'a time in no man’s land',
      { ...valve, steps: [{ channel: 0, watermark: '4611686018427387904' }], checks: [] },
    ],
    ['a field that changes the case', { ...sliding, unhonoured: { perSubtask: true } }],
  ])('%s', async (_what, golden) => {
    expect((await runCase(golden)).kind).toBe('skipped');
  });

  it('with_the_reason', async () => {
    const verdict = await runCase(caseOf({ operator: 'Cep', steps: [], expected: [] }));
    expect(verdict).toEqual({ kind: 'skipped', reason: 'operator "Cep"' });
  });

  it('in_batch_mode', async () => {
    const verdict = await runCase(shippedCase('wmAssigner.batchModeNone'));
    expect(verdict).toEqual({ kind: 'skipped', reason: 'runtime mode BATCH is not supported' });
  });
});

describe('npm run conformance', () => {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(...args: readonly string[]) {
    const script = join(import.meta.dirname, 'run.ts');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=millrace-source', '--disable-warning=ExperimentalWarning', script, ...args],
      { encoding: 'utf8' },
    );
    return { status, lines: stdout.trim().split('\n'), errors: stderr.trim() };
  }

  function fileOf(content: string): string {
    const path = join(folder, `${Math.abs(content.length)}.json`);
    writeFileSync(path, content);
    return path;
  }

  it('passes_on_the_shipped_cases', () => {
    const { status, lines } = run();
    expect(status).toBe(0);
    expect(lines.at(-1)).toBe('94 passed, 0 failed, 34 skipped');
    expect(lines.length).toBe(35);
  });

  it('prints_a_line_for_each_failing_case_and_exits_with_1', () => {
    const text = readFileSync(join(import.meta.dirname, 'flink-golden.json'), 'utf8');
    const golden: unknown[] = JSON.parse(text).filter(({ name }: { name: string }) => name === sliding.name);
    const { status, lines } = run(fileOf(JSON.stringify([{ ...(golden[0] as object), expected: [] }])));
    expect(status).toBe(1);
    expect(lines[0]).toMatch(/^FAILED window\.sliding\.eventTime\.reduce: .*expected .*actual/);
    expect(lines.at(-1)).toBe('0 passed, 1 failed, 0 skipped');
  });

  it.each([
    ['is missing', 'nowhere.json', /Cannot read cases from .*nowhere.json/],
    ['is no JSON', 'x', /Cannot read cases/],
    ['is no array', '{}', /not a JSON array/],
    ['holds something else', '[1]', /case 0 is not an object/],
    [
      'holds a case without steps',
      '[{"name":"a","operator":"b","order":"exact","expected":[]}]',
      /steps is not a list/,
    ],
  ])('exits with 2 and says why if the file %s', (_what, content, message) => {
    const { status, errors } = run(content.endsWith('.json') ? content : fileOf(content));
    expect(status).toBe(2);
    expect(errors).toMatch(message);
  });
});
