import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { UserError } from '../../core/errors.ts';

/** Texts of secrets by the names that `arns` gives them. Throws ARGUMENT_INVALID for a binary one. */
export async function readSecretTexts(
  arns: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const client = new SecretsManagerClient({});
  try {
    const texts = Object.entries(arns).map(async ([name, arn]) => {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
      if (SecretString !== undefined) return [name, SecretString] as const;
      throw new UserError('ARGUMENT_INVALID', `Secret ${arn} for ${name} is binary: store it as text.`);
    });
    return Object.fromEntries(await Promise.all(texts));
  } finally {
    client.destroy();
  }
}
