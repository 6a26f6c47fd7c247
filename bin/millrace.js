#!/usr/bin/env node
// No static imports: an old Node must reach the version check before it meets anything it cannot load.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `millrace needs Node 24 or newer but this is ${process.version}: ` +
      'install Node 24, or add it to the project ' +
      'with `npm pkg set allowScripts.node=true --json && npm install --save-dev node@24`.',
  );
  process.exitCode = 1;
} else {
  await start();
}

async function start() {
  const { existsSync } = await import('node:fs');
  const { enableCompileCache } = await import('node:module');
  // Keeps compiled modules, types removed, between runs: a small job starts several times faster.
  enableCompileCache();
  const source = new URL('../lib/cli/main.ts', import.meta.url);
  // The published package has no lib folder; a checkout runs its source, never a stale dist.
  const main = existsSync(source) ? source : new URL('../dist/lib/cli/main.js', import.meta.url);
  await import(main.href);
}
