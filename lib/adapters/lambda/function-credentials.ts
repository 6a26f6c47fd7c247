/**
 * What bundles hold in the place of @aws-sdk/credential-provider-node: Lambda puts the credentials of a
 * function's role into its environment, where profiles, SSO, web identities and instance metadata are of no
 * use.
 */
import { fromEnv } from '@aws-sdk/credential-provider-env';
import { doesIdentityRequireRefresh, isIdentityExpired } from '@smithy/core';
import { memoize } from '@smithy/core/config';

type Init = Parameters<typeof fromEnv>[0];
type Provider = ReturnType<typeof fromEnv>;

/** Credentials of the environment, or of the container that it names. They reject if it has neither. */
export function defaultProvider(init?: Init): Provider {
  const { AWS_ACCESS_KEY_ID: key, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = process.env;
  const relative = process.env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const ofContainer = key === undefined && (full ?? relative) !== undefined;
  const provider = ofContainer ? fromContainer : fromEnv(init);
  return memoize(provider, isIdentityExpired, doesIdentityRequireRefresh);
}

let container: Promise<Provider> | undefined;

/** The client is loaded only where it is needed. */
const fromContainer: Provider = async () => {
  container ??= import('@aws-sdk/credential-provider-http').then(({ fromHttp }) => fromHttp());
  return (await container)();
};
