/**
 * One measurement: `one.ts raw|pipeline QUERY FILE` prints the answer, CPU seconds and peak memory as JSON.
 */
const [side = '', query = '', path = ''] = process.argv.slice(2);

async function answerOf(): Promise<number> {
  if (side === 'raw') {
    const { rawLoops } = await import('./raw-loop.ts');
    const loop = rawLoops[query];
    if (loop === undefined) throw new Error(`There is no query '${query}'.`);
    return loop(path);
  }
  const { runPipeline } = await import('./pipelines.ts');
  return runPipeline(query, path);
}

const answer = await answerOf();
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({ answer, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024 }),
);
