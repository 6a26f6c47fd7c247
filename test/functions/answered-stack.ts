/** Takes the answers of custom resources as CloudFormation does. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What CloudFormation is told. */
export interface ResourceAnswer {
  readonly Status: string;
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly Data?: Readonly<Record<string, string>>;
}

export interface AnsweredStack {
  /** Where answers are put. */
  readonly url: string;
  /** In the order in which they came, those that nobody has taken. */
  readonly answers: ResourceAnswer[];
  close(): Promise<void>;
}

export async function openStack(): Promise<AnsweredStack> {
  const answers: ResourceAnswer[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      // What is sent to CloudFormation.
      answers.push(JSON.parse(body) as ResourceAnswer);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The address of a TCP server has a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    answers,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
