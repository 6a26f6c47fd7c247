/** `millrace.config.ts`, and what deployed jobs are asked without credentials. */
import { describe, expect, it, vi } from 'vitest';
import { CliProject } from './cli-project.ts';

describe('millrace.config.ts', () => {
  it.each([
    ['export default { stak: "x" };', /'stak', which is none of target, stack, profile, region, endpoint/],
    ['export default { target: "cloud" };', /the target 'cloud', which is none of local, aws/],
    ['export default { region: 7 };', /'region' that is no text/],
    ['export const stack = "x";', /exports no settings/],
    ['export default {', /cannot be loaded/],
  ])('is refused: %s', async (text, reason) => {
    const project = new CliProject({ 'millrace.config.ts': text });
    const { exitCode, stderr } = await project.millrace('list');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(reason) });
  });

  it('says where services are', async () => {
    const project = new CliProject({
      'millrace.config.ts': 'export default { endpoint: "http://127.0.0.1:9", region: "us-east-1" };',
    });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    const { exitCode, stderr } = await project.millrace('list');
    vi.unstubAllEnvs();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/IO_FAILED: The list of stacks failed.*(ECONNREFUSED|127\.0\.0\.1:9)/);
  });
});
