import { readSecretTexts } from '../lib/adapters/secretsmanager/secret-text.ts';

/** Puts the texts of the secrets that MILLRACE_SECRETS names by their ARNs into the environment. */
export async function loadSecrets(): Promise<void> {
  const { MILLRACE_SECRETS = '{}' } = process.env;
  // Synthesis writes it: ARNs by the names of environment variables.
  const arns = JSON.parse(MILLRACE_SECRETS) as Readonly<Record<string, string>>;
  Object.assign(process.env, await readSecretTexts(arns));
}
