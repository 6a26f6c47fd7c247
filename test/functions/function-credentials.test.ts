import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { defaultProvider } from '../../lib/adapters/lambda/function-credentials.ts';
import { type ScriptedService, scriptedService } from '../scripted-service.ts';

let service: ScriptedService | undefined;
beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service?.close();
});

it('the_credentials_of_a_function_are_those_of_its_environment', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  // A profile that no function has.
  vi.stubEnv('AWS_PROFILE', 'nobody');
  const credentials = await defaultProvider()();
  expect(credentials).toMatchObject({ accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' });
});

it('a_container_that_the_environment_names_is_asked_once', async () => {
  const body = {
    ...{ AccessKeyId: 'key', SecretAccessKey: 'secret', Token: 'token' },
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
  };
  service = await scriptedService([{ status: 200, body }]);
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${service.endpoint}/credentials`);
  const provider = defaultProvider();
  for (let i = 0; i < 2; i++) {
    expect(await provider()).toMatchObject({ accessKeyId: 'key', sessionToken: 'token' });
  }
  expect(service.requests.map(({ path }) => path)).toEqual(['/credentials']);
});

it('a_function_without_credentials_says_so', async () => {
  await expect(defaultProvider()()).rejects.toThrow(/environment variable credentials/);
});
