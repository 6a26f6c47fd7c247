/** Lambda's event source mappings behind its own protocol: clients are real. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { clientOf, type ServedRequest } from '../scripted-service.ts';

export interface MappingService {
  readonly client: LambdaClient;
  /** States by id. */
  readonly states: Map<string, string>;
  /** `GET m-1`, `PUT m-1 true` … since this was asked for last. */
  take(): readonly string[];
  /** Called before a change is made. */
  beforeChange: () => Promise<void>;
  close(): Promise<void>;
}

/** Mappings that are `Disabled` at first; one that is not among `ids` does not exist. */
export async function mappingService(ids: readonly string[]): Promise<MappingService> {
  const states = new Map(ids.map((id) => [id, 'Disabled']));
  const requests: ServedRequest[] = [];
  const served: string[] = [];
  const service = {
    states,
    take: () => served.splice(0),
    beforeChange: async () => {},
  };
  const serve = async (method: string, path: string, body: string) => {
    const id = path.slice(path.lastIndexOf('/') + 1);
    const state = states.get(id);
    if (state === undefined) {
      served.push(`${method} ${id}`);
      return { status: 404, body: { __type: 'ResourceNotFoundException', message: 'no such mapping' } };
    }
    if (method === 'GET') {
      served.push(`GET ${id}`);
      return { status: 200, body: { UUID: id, State: state } };
    }
    await service.beforeChange();
    // What the client sends as a change.
    const { Enabled } = JSON.parse(body) as { readonly Enabled: boolean };
    served.push(`PUT ${id} ${Enabled}`);
    states.set(id, Enabled ? 'Enabled' : 'Disabled');
    return { status: 202, body: { UUID: id, State: Enabled ? 'Enabling' : 'Disabling' } };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { method = '', url = '' } = request;
      const { status, body } = await serve(method, url, Buffer.concat(chunks).toString());
      const type = 'ResourceNotFoundException';
      const headers = status === 404 ? { 'x-amzn-errortype': type } : {};
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new LambdaClient({ ...clientOf({ endpoint, requests, close }), maxAttempts: 1 });
  return Object.assign(service, { client, close });
}
