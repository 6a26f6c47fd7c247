import { defineJob, type JobDefinition } from '../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../lib/api/watermark-strategy.ts';
import { FileSource } from '../../lib/connectors/file/file-source.ts';
import type { KeptRows } from '../unit/runtime/invocation/pushed-words.ts';

interface Word {
  readonly word: string;
}

/** Hands words on by `words` and marks them in `mark`; `seen` may refuse one by throwing. */
export function wordJob(rows: KeptRows, seen: (word: string) => void = () => {}): JobDefinition {
  return defineJob('words', (env) => {
    env
      .fromSource(FileSource.ndjson<Word>('words.ndjson'), WatermarkStrategy.noWatermarks<Word>(), 'words')
      .keyBy(({ word }) => word)
      .map(({ word }) => {
        seen(word);
        return word;
      })
      .uid('mark')
      .sinkTo(rows);
  });
}

/** Records of the stream. */
export function words(...texts: readonly string[]): readonly Word[] {
  return texts.map((word) => ({ word }));
}
