import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { CliProject, jobModule } from './cli-project.ts';

/** Counts on for ever, slowly enough for a small output, and says when it is under way. */
const ENDLESS = `let seen = 0;
const clock = new Int32Array(new SharedArrayBuffer(4));
${jobModule(`env.fromSequence(1, Number.MAX_SAFE_INTEGER).map((n) => {
    if (++seen === 5000) console.error('under way');
    if (seen % 100 === 0) Atomics.wait(clock, 0, 0, 1);
    return n;
  })`)}`;

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s lets the job finish its batch and close, exit code %i', async (signal, code) => {
  const project = new CliProject({ 'job.ts': ENDLESS });
  const running = project.startMillrace('run', 'job.ts');
  await running.saw('under way');

  running.process.kill(signal);
  const { exitCode, stdout, stderr } = await running.finished;

  expect(exitCode).toBe(code);
  expect(stderr).toContain(`${signal}: the job finishes its batch and closes`);
  expect(stdout).toContain("Job 'numbers' stopped after");
  const out = Number(/records out +([\d,]+)$/m.exec(stdout)?.[1]?.replaceAll(',', ''));
  const rows = project.rows('out');
  expect(rows).toHaveLength(out);
  expect(rows).toEqual(Array.from({ length: out }, (_, i) => i + 1));
});

/** A sink that never finishes closing. */
const HANGING = `import { defineJob } from 'millrace';
const sink = {
  connector: 'hang', description: 'hang',
  load: async () => ({
    createWriter: async () => ({
      write() {}, pendingBytes: () => 0, flush: async () => {}, prepareCommit: async () => [],
      close: () => new Promise<void>(() => setInterval(() => {}, 1000)),
    }),
  }),
};
let seen = 0;
export default defineJob('hanging', (env) => {
  env.fromSequence(1, Number.MAX_SAFE_INTEGER).map((n) => {
    if (++seen === 5000) console.error('under way');
    return n;
  }).sinkTo(sink).uid('hang');
});`;

it.each([
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGINT', 'SIGTERM', 143],
] as const)('after %s a second signal, %s, ends the process at once with %i', async (first, second, code) => {
  const project = new CliProject({ 'job.ts': HANGING });
  const running = project.startMillrace('run', 'job.ts');
  await running.saw('under way');

  running.process.kill(first);
  await running.saw(`${first}: the job finishes`);
  expect(running.process.exitCode).toBeNull();
  running.process.kill(second);

  expect((await running.finished).exitCode).toBe(code);
  expect(code - 128).toBe(constants.signals[second]);
});
