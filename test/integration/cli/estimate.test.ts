import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { US_EAST_1 } from '../../../lib/cost/price-table.ts';
import { CliProject, ROOT } from './cli-project.ts';

const JOB = join(ROOT, 'examples/01-airport-delays/job.ts');
const EXAMPLE = ['estimate', JOB, '--rate', '1000', '--bytes', '150', '--parallelism', '2'];

describe('millrace estimate', () => {
  it('prints what docs/cost.md shows', async () => {
    const { exitCode, stdout } = await new CliProject().millrace(...EXAMPLE);
    expect(exitCode).toBe(0);
    expect(readFileSync(join(ROOT, 'docs/cost.md'), 'utf8')).toContain(stdout);
  });

  it('takes prices from a file', async () => {
    const doubled = Object.fromEntries(
      Object.entries(US_EAST_1.prices).map(([name, price]) => [name, price * 2] as const),
    );
    const table = { region: 'eu-central-1', date: '2026-11-20', prices: doubled };
    const project = new CliProject({ 'prices.json': JSON.stringify(table) });
    const answer = async (...more: readonly string[]) =>
      JSON.parse((await project.millrace(...EXAMPLE, '--json', ...more)).stdout);
    const [usual, other] = [await answer(), await answer('--prices', 'prices.json')];
    expect(other).toMatchObject({ region: 'eu-central-1', priceDate: '2026-11-20' });
    expect(other.total).toBeCloseTo(usual.total * 2, 6);
  });

  it.each([
    ['{', /cannot be read/],
    ['{"region": "x"}', /need a region and the date/],
    ['{"region": "x", "date": "y", "prices": {}}', /need 'kinesisShardHour', a number of US dollars/],
    [
      JSON.stringify({ ...US_EAST_1, prices: { ...US_EAST_1.prices, shards: 1 } }),
      /have 'shards', which is no price/,
    ],
  ])('refuses a file that is no table of prices: %s', async (text, reason) => {
    const project = new CliProject({ 'prices.json': text });
    const { exitCode, stderr } = await project.millrace(...EXAMPLE, '--prices', 'prices.json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(reason) });
  });

  it.each([
    [['--rate', '0'], /greater than 0/],
    [['--rate', '1', '--idle', '2'], /from 0 to 1/],
    [[], /--rate <n>/],
  ])('refuses options that are none: %s', async (words, reason) => {
    const { exitCode, stderr } = await new CliProject().millrace('estimate', JOB, ...words);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(reason) });
  });
});
