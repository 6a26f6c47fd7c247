/** An AWS service that answers as a test says, for answers that no emulator gives. Clients are real. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { awsClientOptions } from '../lib/adapters/aws-client-options.ts';

export interface ServedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** JSON, or `hang` for an answer that never comes. */
export type Answer =
  | {
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | 'hang';

/** An answer, or what makes one of the request. */
export type Script = Answer | ((request: ServedRequest) => Answer);

export interface ScriptedService {
  readonly endpoint: string;
  readonly requests: readonly ServedRequest[];
  close(): Promise<void>;
}

/** Answers the first request with the first answer and so on; the last one serves all that follow. */
export async function scriptedService(scripts: readonly Script[]): Promise<ScriptedService> {
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const script = scripts[Math.min(requests.length, scripts.length - 1)];
      const { url: path = '', headers } = request;
      const served = { path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(served);
      const answer = typeof script === 'function' ? script(served) : script;
      if (answer === undefined || answer === 'hang') return;
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1', ...answer.headers });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { endpoint: `http://127.0.0.1:${port}`, requests, close };
}

/** Options of a client of a service; as in a function but for the place. */
export function clientOf(service: ScriptedService) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { ...awsClientOptions(), endpoint: service.endpoint, region: 'us-east-1', credentials };
}

/** An error as services with JSON protocols answer it. */
export function failure(status: number, name: string): Answer {
  return { status, body: { __type: name, message: `says ${name}` } };
}
