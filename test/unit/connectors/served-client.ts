/** A client of an AWS service that answers as a test says. */
import { afterEach } from 'vitest';
import { clientOf, type Script, type ScriptedService, scriptedService } from '../../scripted-service.ts';

type ClientOptions = ReturnType<typeof clientOf>;

interface Closable {
  destroy(): void;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A service that answers by `scripts`, and a client of it; both end with the test. */
export async function served<C extends Closable>(
  createClient: (options: ClientOptions) => C,
  scripts: readonly Script[],
): Promise<{ readonly client: C; readonly service: ScriptedService }> {
  const service = await scriptedService(scripts);
  const client = createClient(clientOf(service));
  closers.push(async () => {
    client.destroy();
    await service.close();
  });
  return { client, service };
}
