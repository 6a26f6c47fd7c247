/** Functions that note what they are asked for. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateFunctionCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import {
  LambdaSubtaskInvoker,
  type SubtaskEvent,
} from '../../../lib/adapters/lambda/lambda-subtask-invoker.ts';
import type { SubtaskRequest } from '../../../lib/ports/subtask-invoker.ts';
import type { ObservedInvoker, ReceivedRequest } from '../../contract/subtask-invoker-contract.ts';
import { until } from '../until.ts';
import { zip } from './zip.ts';

const RECEIVED_MS_MAX = 20_000;

/** Runs in the function: it may use nothing of this module. */
const CODE = `
import { appendFileSync } from 'node:fs';
export const handler = async (event) => {
  appendFileSync(process.env.TRACE_FILE, JSON.stringify(event) + '\\n');
};
`;

export class RequestedFunctions {
  readonly #lambda: LambdaClient;
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-requests-'));
  readonly #file = join(this.#folder, 'requests.ndjson');

  constructor(lambda: LambdaClient) {
    this.#lambda = lambda;
  }

  /** Makes a function for each vertex. */
  async open(vertices: readonly string[]): Promise<ObservedInvoker> {
    const functions: Record<string, string> = {};
    for (const vertex of vertices) {
      functions[vertex] = `requested-${vertex}-${randomUUID()}`;
      await this.#lambda.send(
        new CreateFunctionCommand({
          FunctionName: functions[vertex],
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: 'arn:aws:iam::000000000000:role/requested',
          Timeout: 30,
          Code: { ZipFile: zip({ 'index.mjs': CODE }) },
          Environment: { Variables: { TRACE_FILE: this.#file } },
        }),
      );
    }
    const invoker = new LambdaSubtaskInvoker({
      client: this.#lambda,
      patientClient: this.#lambda,
      functions,
    });
    return { invoker, received: (atLeast) => this.#received(atLeast) };
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #received(atLeast: number): Promise<readonly ReceivedRequest[]> {
    return until({
      what: `${atLeast} requests have come`,
      msMax: RECEIVED_MS_MAX,
      look: () => {
        const lines = existsSync(this.#file) ? readFileSync(this.#file, 'utf8').trim().split('\n') : [];
        return lines.length < atLeast ? undefined : lines.map(requestIn);
      },
    });
  }
}

function requestIn(line: string): ReceivedRequest {
  // What the function was given.
  const { millrace, ...subtask } = JSON.parse(line) as SubtaskEvent;
  // Questions are no requests.
  return { ...subtask, kind: millrace as SubtaskRequest['kind'] };
}
