import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { feedDeadLetters, type RetryRequest } from '../../functions/dead-letter-feed.ts';
import { deadLetterObjects } from '../../functions/dead-letter-objects.ts';
import { defineJob } from '../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { FileSource } from '../../lib/connectors/file/file-source.ts';
import { RetryableError } from '../../lib/core/errors.ts';
import { LIMITS } from '../../lib/core/limits.ts';
import { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';
import { DeployedFunctions } from './deployed-functions.ts';

/** A job whose source takes words up to a length, and whose `mark` refuses `!` as long as it is told to. */
function pickyJob() {
  const rows = new KeptRows();
  const rules = { length: 3, refused: '!' };
  const word = z.string().refine((text) => text.length <= rules.length, 'The word is too long.');
  const job = defineJob('picky', (env) => {
    env
      .fromSource(
        FileSource.ndjson('words.ndjson', { schema: z.object({ word }) }),
        WatermarkStrategy.noWatermarks<{ readonly word: string }>(),
        'words',
      )
      .keyBy(({ word: key }) => key)
      .map(({ word: text }) => {
        if (text === rules.refused) throw new Error('This word is refused.');
        return text;
      })
      .onError('dead-letter')
      .uid('mark')
      .sinkTo(rows);
  });
  const deployed = new DeployedFunctions({ job, source: 'words' });
  const settle = async () => {
    for (const i of [0, 1]) await deployed.forward('mark', i);
  };
  const lettersLeft = async () => {
    const names: string[] = [];
    for await (const { name } of deployed.objects.list('dead-letters/')) names.push(name);
    return names;
  };
  const sent: (readonly string[])[] = [];
  const feed = async (request: RetryRequest = {}) => {
    const { objects, deployment } = deployed;
    const send = async (stream: string, records: readonly string[]) => {
      expect(stream).toBe('external');
      sent.push(records);
      const lines: unknown[] = records.map((record) => JSON.parse(record));
      await deployed.read('words', 0, lines);
    };
    const report = await feedDeadLetters({ objects, bindings: deployment.bindings, send }, request);
    await settle();
    return report;
  };
  return { rows, rules, deployed, settle, lettersLeft, sent, feed };
}

const words = (...texts: readonly string[]) => texts.map((word) => ({ word }));

describe('dead letters that are fed again', () => {
  it('come as new records of the source, and are letters no more once they are taken', async () => {
    const { rows, rules, deployed, settle, lettersLeft, feed } = pickyJob();
    await deployed.start();
    await deployed.read('words', 0, words('abc', 'abcd', 'abcdefgh'));
    await settle();
    expect(rows.rows).toEqual(['abc']);
    expect(await lettersLeft()).toHaveLength(2);
    rules.length = 5;
    expect(await feed()).toEqual({ fed: 2, kept: 0, reasons: [], more: false });
    expect(rows.rows).toEqual(['abc', 'abcd']);
    // What is refused again is a new letter.
    expect(await lettersLeft()).toHaveLength(1);
  });

  it('of other operators are kept until a source is named for them', async () => {
    const { rows, rules, deployed, settle, lettersLeft, feed } = pickyJob();
    await deployed.start();
    await deployed.read('words', 0, words('!'));
    await settle();
    rules.refused = '';
    const [name] = await lettersLeft();
    expect(await feed()).toEqual({
      ...{ fed: 0, kept: 1, more: false },
      reasons: [{ name, reason: 'no source of a stream reads it' }],
    });
    expect(await feed({ operator: 'mark', source: 'words' })).toMatchObject({ fed: 1, kept: 0 });
    expect(rows.rows).toEqual(['!']);
    expect(await lettersLeft()).toEqual([]);
  });

  it('are those of the vertex that is named, as many as are asked for', async () => {
    const { deployed, settle, lettersLeft, feed } = pickyJob();
    await deployed.start();
    await deployed.read('words', 0, words('abcd', 'abcde', 'abcdef', '!'));
    await settle();
    expect(await feed({ vertex: 'none' })).toMatchObject({ fed: 0, kept: 0 });
    expect(await feed({ vertex: 'mark' })).toMatchObject({ fed: 0, kept: 1 });
    expect(await feed({ vertex: 'words', limit: 2 })).toMatchObject({ fed: 2, more: true });
    expect(await lettersLeft()).toHaveLength(4);
  });

  it('are kept if the stream does not take them', async () => {
    const { deployed, lettersLeft } = pickyJob();
    await deployed.start();
    await deployed.read('words', 0, words('abcd'));
    await deployed.forward('mark', 0);
    await deployed.read('words', 0, words('a'));
    const { objects, deployment } = deployed;
    const send = async () => {
      throw new RetryableError('IO_FAILED', 'Stream external refuses 1 of 1 messages.');
    };
    const fed = feedDeadLetters({ objects, bindings: deployment.bindings, send }, {});
    await expect(fed).rejects.toMatchObject({ code: 'IO_FAILED' });
    expect(await lettersLeft()).toHaveLength(1);
  });

  it('are kept if they are not the whole record', async () => {
    const { deployed, feed, sent } = pickyJob();
    await deployed.start();
    const letter = { operator: 'words', code: 'RECORD_INVALID', reason: '', position: '' };
    await deadLetterObjects(deployed.objects).keep([
      { id: '1/run-1/words/0/1/0', letter: { ...letter, code: 'RECORD_ENCODING', raw: '\ufffd' } },
      { id: '1/run-1/words/0/1/1', letter: { ...letter, raw: 'é'.repeat(LIMITS.deadLetterRawBytesMax / 2) } },
    ]);
    await deployed.objects.put('dead-letters/1/run-1/words/0/1/2.json', Buffer.from('{'));
    const { fed, reasons } = await feed();
    expect(fed).toBe(0);
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'its bytes were no text',
      'only its beginning is kept',
    ]);
    expect(sent).toEqual([]);
  });

  it.each([{ limit: 0 }, { limit: 1.5 }, { source: 'words' }])('refuses %o', async (request) => {
    await expect(pickyJob().feed(request)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  });
});
