/** LocalStack in a container: it needs an engine for containers, and a token of its maker for the image. */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientEnvironment, type Emulator } from './emulator-client.ts';

const IMAGE = 'localstack/localstack-pro:2026.3';
const ENGINE_SOCKET = '/var/run/docker.sock';
const PORT = 4566;

/** Why it cannot be started here; undefined if it can. */
export async function whyNoLocalStack(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if ((environment.LOCALSTACK_AUTH_TOKEN ?? '') === '') {
    return 'LocalStack needs a token in LOCALSTACK_AUTH_TOKEN.';
  }
  try {
    // Slow to load, and of no use without a token.
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    return `LocalStack needs an engine for containers: ${error instanceof Error ? error.message : error}.`;
  }
}

/** Starts one of its own, empty; `port` of this machine, or one that is free. */
export async function startLocalStack(port: number | undefined): Promise<Emulator> {
  const { LocalstackContainer } = await import('@testcontainers/localstack');
  const folder = mkdtempSync(join(tmpdir(), 'millrace-localstack-'));
  const logFile = join(folder, 'emulator.log');
  const container = await new LocalstackContainer(IMAGE)
    .withExposedPorts(port === undefined ? PORT : { container: PORT, host: port })
    .withEnvironment({ LOCALSTACK_AUTH_TOKEN: process.env.LOCALSTACK_AUTH_TOKEN ?? '' })
    // It runs functions in containers beside its own.
    .withBindMounts([{ source: ENGINE_SOCKET, target: ENGINE_SOCKET }])
    .withLogConsumer((log) => log.pipe(createWriteStream(logFile, { flags: 'a' })))
    .start();
  const endpoint = container.getConnectionUri();
  const stop = async (): Promise<void> => {
    await container.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { endpoint, env: clientEnvironment(endpoint), logFile, stop };
}
