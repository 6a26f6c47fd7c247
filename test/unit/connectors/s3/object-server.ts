/** The two calls of S3 that a source makes, answered from a map. The client is real. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { awsClientOptions } from '../../../../lib/adapters/aws-client-options.ts';

export class ObjectServer {
  readonly objects = new Map<string, string>();
  readonly calls: string[] = [];
  readonly #server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const name = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    if (searchParams.get('list-type') === '2') {
      this.calls.push('list');
      response.end(this.#listing(searchParams.get('prefix') ?? ''));
      return;
    }
    this.calls.push(`get ${name}`);
    const content = this.objects.get(name);
    if (content === undefined) response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    else if (request.headers['if-match'] !== etagOf(content)) {
      response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
    } else response.end(content);
  });
  client: S3Client | undefined;

  async start(): Promise<S3Client> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // A TCP server has an address with a port.
    const { port } = this.#server.address() as AddressInfo;
    this.client = new S3Client({
      ...awsClientOptions(),
      endpoint: `http://127.0.0.1:${port}`,
      forcePathStyle: true,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    return this.client;
  }

  async close(): Promise<void> {
    this.client?.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #listing(prefix: string): string {
    const found = [...this.objects].filter(([name]) => name.startsWith(prefix)).sort();
    const contents = found.map(
      ([name, content]) =>
        `<Contents><Key>${name}</Key><Size>${content.length}</Size>` +
        `<ETag>${etagOf(content).replaceAll('"', '&quot;')}</ETag></Contents>`,
    );
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
  }
}

function etagOf(content: string): string {
  return `"${Buffer.from(content).toString('hex').slice(0, 64)}"`;
}
