import { NodeHttpHandler } from '@smithy/node-http-handler';
import { LIMITS } from '../core/limits.ts';

export interface AwsClientOptions {
  readonly maxAttempts: number;
  readonly requestHandler: NodeHttpHandler;
}

/**
 * What every client of an AWS service is made with: bounded attempts and waits, connections that are kept.
 *
 * HTTP/1.1 for all: a session of HTTP/2 does not survive that Lambda freezes the process between invocations.
 * @param requestMsMax - time of one attempt. Unit: ms
 *
 * Each client is made in a file of its own, so that a function loads those only that it uses.
 */
export function awsClientOptions(requestMsMax: number = LIMITS.awsRequestMsMax): AwsClientOptions {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: LIMITS.awsConnectionMsMax,
    requestTimeout: requestMsMax,
    // Without it the handler only warns when the time is up.
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: LIMITS.awsSocketsMax },
    httpsAgent: { keepAlive: true, maxSockets: LIMITS.awsSocketsMax },
  });
  return { maxAttempts: LIMITS.awsAttemptsMax, requestHandler };
}
