import { describe, expect, it } from 'vitest';
import { defineJob, isJobDefinition } from '../../../lib/api/define-job.ts';
import { StreamExecutionEnvironment } from '../../../lib/api/environment.ts';
import type { KeyedProcessFunction } from '../../../lib/core/functions/process-function.ts';

class Counting implements KeyedProcessFunction<number, number, number> {
  processElement(): void {}
}

/** A job with a keyed process function of parallelism 4. */
function countingJob(fn: () => Counting | (() => Counting)) {
  return defineJob('counting', (env) => {
    env
      .fromSequence(1, 9)
      .keyBy((n) => n)
      .process(fn())
      .uid('count')
      .setParallelism(4)
      .print();
  });
}

describe('a job definition', () => {
  it('is frozen and recognised, also when another copy of the package made it', () => {
    const job = countingJob(() => new Counting());
    expect(Object.isFrozen(job)).toBe(true);
    expect(isJobDefinition(job)).toBe(true);
    expect(isJobDefinition({ [Symbol.for('millrace.job-definition')]: true })).toBe(true);
    expect([undefined, null, {}, () => {}].some(isJobDefinition)).toBe(false);
  });

  it('builds a new graph each time with settings from outside below its own', () => {
    const build = (env: StreamExecutionEnvironment) => {
      env.fromSequence(1, 2).print();
    };
    const open = defineJob('open', build);
    expect(open.createGraph()).toMatchObject({ jobName: 'open', parallelism: 1, onError: 'fail' });
    expect(open.createGraph({ parallelism: 3, onError: 'dead-letter' })).toMatchObject({
      parallelism: 3,
      onError: 'dead-letter',
    });
    const fixed = defineJob('fixed', build, { parallelism: 2, maxParallelism: 16 });
    expect(fixed.createGraph({ parallelism: 3 })).toMatchObject({ parallelism: 2, maxParallelism: 16 });
    expect(fixed.createGraph()).not.toBe(fixed.createGraph());
  });

  it('refuses a build that is not synchronous', () => {
    // @ts-expect-error user functions are synchronous
    expect(() => defineJob('slow', async () => {})).toThrow(/defineJob\('slow'\) at .*define-job\.test\.ts/);
    const promising = defineJob('slow', (): unknown => Promise.resolve());
    expect(() => promising.createGraph()).toThrow(expect.objectContaining({ code: 'GRAPH_INVALID' }));
    expect(() => defineJob('', () => {})).toThrow('needs a name');
  });

  it('cannot execute itself', async () => {
    let running: Promise<unknown> | undefined;
    defineJob('eager', (env) => {
      running = env.execute('eager');
    }).createGraph();
    await expect(running).rejects.toThrow(/'eager' executes itself.*millrace run/);
  });
});

describe('graphs of subtasks', () => {
  it('have function objects of their own', () => {
    const graphOf = countingJob(() => new Counting()).subtaskGraphs();
    const objects = [0, 1, 2, 3].map((subtask) => {
      const spec = graphOf(subtask).nodes[1]?.spec;
      return spec?.kind === 'keyedProcess' ? spec.fn.create() : undefined;
    });
    expect(new Set(objects).size).toBe(4);
    expect(graphOf(2)).toBe(graphOf(2));
  });

  it('refuse one object for two subtasks with the operator, the line and the fix', () => {
    const shared = new Counting();
    const graphOf = countingJob(() => shared).subtaskGraphs();
    graphOf(0);
    expect(() => graphOf(1)).toThrow(
      expect.objectContaining({
        code: 'FUNCTION_SHARED',
        message: expect.stringMatching(
          /^One instance of Counting serves .*'count' \(.*define-job\.test\.ts:\d+.*new Counting\(\)/,
        ),
      }),
    );
  });

  it('refuse one object for two operators even at parallelism 1', () => {
    const shared = new Counting();
    const job = defineJob('twice', (env) => {
      const keyed = env.fromSequence(1, 9).keyBy((n) => n);
      keyed.process(shared).uid('a').print();
      keyed.process(shared).uid('b').print();
    });
    expect(() => job.subtaskGraphs()(0)).toThrow(/serves both operator 'a' .* and operator 'b'/);
  });

  it('may share plain functions, factories and objects made of functions alone', () => {
    const count = { createAccumulator: () => 0, add: (a: number) => a + 1, getResult: (a: number) => a };
    const factory = () => new Counting();
    const plain = (n: number) => n;
    const job = defineJob('sharing', (env) => {
      const keyed = env.setParallelism(4).fromSequence(1, 9).map(plain).keyBy(plain);
      keyed.process(factory).uid('process').print();
      keyed.countWindow(3).aggregate(count).uid('count').print();
      keyed.countWindow(4).aggregate(count).uid('count4').print();
    });
    const graphOf = job.subtaskGraphs();
    for (const subtask of [0, 1, 2, 3]) expect(() => graphOf(subtask)).not.toThrow();
  });

  it('refuse shared literals that open or hold something', () => {
    const opening = { open() {}, map: (n: number) => n };
    const holding = { count: 0, map: (n: number) => n };
    for (const shared of [opening, holding]) {
      const job = defineJob('literal', (env) => {
        env.setParallelism(2).fromSequence(1, 9).map(shared).print();
      });
      const graphOf = job.subtaskGraphs();
      graphOf(0);
      expect(() => graphOf(1)).toThrow(/One function object serves several .*`\(\) => \(\{ … \}\)`/);
    }
  });

  it('must have one structure', () => {
    let builds = 0;
    const job = defineJob('drifting', (env) => {
      env
        .fromSequence(1, 9)
        .map((n) => n)
        .name(`map ${builds++}`)
        .print();
    });
    const graphOf = job.subtaskGraphs();
    graphOf(0);
    expect(() => graphOf(1)).toThrow(
      expect.objectContaining({
        code: 'GRAPH_NOT_DETERMINISTIC',
        message: expect.stringMatching(
          /operator 1 'map 0': name is "map 0" in one build and "map 1" in the other/,
        ),
      }),
    );
  });
});

describe('a plain script', () => {
  it('is refused an object at parallelism 4 before anything runs', async () => {
    const env = StreamExecutionEnvironment.create();
    const stream = env.fromSequence(1, 9).keyBy((n) => n);
    stream.process(new Counting()).uid('count').setParallelism(4).print();
    await expect(env.execute('script')).rejects.toThrow(/operator 'count'.*\(\) => new Counting\(\)/);
  });
});
