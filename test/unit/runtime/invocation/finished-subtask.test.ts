import { describe, expect, it } from 'vitest';
import { defineJob } from '../../../../lib/api/define-job.ts';
import { WatermarkStrategy } from '../../../../lib/api/watermark-strategy.ts';
import { RetryableError } from '../../../../lib/core/errors.ts';
import type { SubtaskId } from '../../../../lib/core/log/subtask-id.ts';
import { TaskProgramFactory } from '../../../../lib/runtime/invocation/task-program-factory.ts';
import { InvocationWorld, RUN } from './invocation-world.ts';
import { KeptRows, PushedWords, type Word, wordRecord } from './pushed-words.ts';

const TIMER_MS = 10_000;
const WORDS: SubtaskId = { run: RUN, vertex: 'words', subtask: 0 };
const REMINDERS: SubtaskId = { run: RUN, vertex: 'reminders', subtask: 0 };
const ALL = [WORDS, REMINDERS];

/** Every word is followed by a reminder, if there is time for it. */
function reminderJob(rows: KeptRows) {
  return defineJob('reminders', (env) => {
    env
      .fromSource(new PushedWords(), WatermarkStrategy.noWatermarks<Word>(), 'words')
      .keyBy(({ word }) => word)
      .process({
        processElement: ({ word }, { timerService }, out: { collect(row: string): void }) => {
          timerService.registerProcessingTimeTimer(timerService.currentProcessingTime() + TIMER_MS);
          out.collect(word);
        },
        onTimer: (_time, { currentKey }, out) => out.collect(`remember ${String(currentKey)}`),
      })
      .uid('reminders')
      .sinkTo(rows);
  });
}

function createWorld(rows: KeptRows): InvocationWorld {
  const job = reminderJob(rows);
  return new InvocationWorld({
    job: (world) =>
      new TaskProgramFactory({
        newGraph: () => job.createGraph({ parallelism: 1 }),
        clock: world.clock,
        random: { next: () => 0 },
        deadLetters: { keep: async () => {} },
        rules: world.rules,
        shardsOf: ({ vertex, subtask }) => [`shard-of-${vertex}/${subtask}`],
      }),
  });
}

describe('a subtask whose input has ended', () => {
  it.each(['the same process', 'another process'])(
    'fires no processing-time timer any more in %s, and finishes',
    async (process) => {
      const rows = new KeptRows();
      const world = createWorld(rows);
      const host = world.host();
      world.feedShard('words/0', { bytes: wordRecord({ word: 'a', at: 1 }), endOfShard: false });
      await world.drain(host, ALL);
      world.now += TIMER_MS;
      for (const subtask of ALL) await world.tick(host, subtask);
      expect(rows.rows).toEqual(['a', 'remember a']);

      world.feedShard('words/0', { bytes: wordRecord({ word: 'b', at: 2 }), endOfShard: true });
      await world.drain(host, [WORDS]);
      // Nothing gets into the log behind the version in which the input ends.
      const refuse = async (): Promise<void> => {
        world.beforeAppend = refuse;
        throw new RetryableError('IO_FAILED', 'Nobody answers.');
      };
      world.beforeAppend = async () => {
        world.beforeAppend = refuse;
      };
      await world.deliver(host, REMINDERS);
      world.beforeAppend = undefined;
      world.now += 10 * TIMER_MS;
      const next = process === 'the same process' ? host : world.host();
      for (let i = 0; i < 3; i++) for (const subtask of ALL) await world.tick(next, subtask);

      expect(world.failures).toEqual([]);
      expect(rows.rows).toEqual(['a', 'b', 'remember a']);
      expect(world.appended.filter(({ seal }) => seal === 'finished')).toHaveLength(ALL.length);
    },
  );
});
