/**
 * The AWS emulator of the end-to-end tests: LocalStack in a container where that can run, else MiniStack of
 * a pinned version, in a virtual environment that is made when it is missing, as a child process on this
 * machine only.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clientEnvironment, type Emulator } from './emulator-client.ts';
import { startLocalStack, whyNoLocalStack } from './localstack.ts';

export type { Emulator } from './emulator-client.ts';

const run = promisify(execFile);

const VERSION = '1.5.33';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache', `ministack-${VERSION}`);
const PYTHON = join(CACHE, 'bin', 'python');
/** Written last: an environment that was made in part is made anew. */
const COMPLETE = join(CACHE, 'complete');
const LAUNCHER = fileURLToPath(new URL('launch.py', import.meta.url));

const INSTALL_MS_MAX = 180_000;
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 3000;

/** Why no emulator can be started here; undefined if one can. */
export async function canStartEmulator(): Promise<string | undefined> {
  const whyNot = await whyNoLocalStack();
  if (whyNot === undefined) return undefined;
  console.log(`MiniStack ${VERSION} is taken: ${whyNot}`);
  try {
    await installOnce();
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return `MiniStack ${VERSION} cannot be installed: ${cause.trim()}`;
  }
}

interface EmulatorOptions {
  /** @default - one that is free */
  readonly port?: number;
  /**
   * Share of the batches that are delivered twice at once, and of those that come again later. Only MiniStack
   * can do that.
   * @default 0
   */
  readonly repeats?: number;
}

/** Starts an emulator of its own, empty. Throws if it is not ready in time. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const anyWillDo = options.repeats === undefined;
  if (anyWillDo && (await whyNoLocalStack()) === undefined) return startLocalStack(options.port);
  await installOnce();
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'millrace-emulator-'));
  const logFile = join(folder, 'emulator.log');
  const log = openSync(logFile, 'a');
  const child = spawn(PYTHON, [LAUNCHER], {
    cwd: folder,
    env: { ...environment(port, folder), MAPPING_REPEATS: String(options.repeats ?? 0) },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const endpoint = `http://127.0.0.1:${port}`;
  await untilReady(child, endpoint, logFile);
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  return { endpoint, env: clientEnvironment(endpoint), logFile, stop };
}

function environment(port: number, folder: string): NodeJS.ProcessEnv {
  const modules = join(ROOT, 'node_modules');
  return {
    ...process.env,
    // Functions run on the plain `node` that is found first.
    PATH: [dirname(process.execPath), join(modules, '.bin'), process.env.PATH ?? ''].join(delimiter),
    NODE_PATH: modules,
    NODE_OPTIONS: '',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    MINISTACK_HOST: '127.0.0.1',
    LAMBDA_EXECUTOR: 'local',
    TMPDIR: folder,
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

async function installOnce(): Promise<void> {
  if (existsSync(COMPLETE)) return;
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(dirname(CACHE), { recursive: true });
  await run('python3', ['-m', 'venv', CACHE], { timeout: INSTALL_MS_MAX });
  const install = ['-m', 'pip', 'install', '--quiet', `ministack==${VERSION}`];
  await run(PYTHON, install, { timeout: INSTALL_MS_MAX });
  writeFileSync(COMPLETE, '');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('This machine gives no port.');
  return address.port;
}

async function untilReady(child: ChildProcess, endpoint: string, logFile: string): Promise<void> {
  const until = Date.now() + READY_MS_MAX;
  while (Date.now() < until && child.exitCode === null) {
    try {
      const answer = await fetch(`${endpoint}/_ministack/health`);
      if (answer.ok) return;
    } catch {
      // Nobody listens yet.
    }
    await sleep(100);
  }
  await end(child);
  throw new Error(`The emulator did not start; see ${logFile}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await exited;
  clearTimeout(killing);
}
