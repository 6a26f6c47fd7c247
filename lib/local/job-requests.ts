/**
 * What other processes ask of a running job, by files in its state directory: a request and its answer have
 * one name with two endings, and each file appears whole.
 *
 * 1. A job answers every request that it finds, at its end at the latest. Requests to a job that is not
 *    running are removed when it starts: whoever made them has been told that it ended.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';

/** Take a savepoint; end with one; end all input, and end with one; end without. */
export type RequestKind = 'savepoint' | 'stop' | 'drain' | 'cancel';

export interface JobRequest {
  readonly kind: RequestKind;
  /** Absolute path of a folder for the savepoint; undefined for `cancel`. */
  readonly folder: string | undefined;
}

/** A request that waits for its answer. */
export interface OpenRequest extends JobRequest {
  readonly id: string;
}

export type RequestAnswer =
  | { readonly kind: 'done'; readonly savepoint: string | undefined }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

const REQUEST = '.request.json';
const ANSWER = '.answer.json';

export class JobRequests {
  readonly #folder: string;

  /** Of the job whose state is in `stateDir`. */
  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'requests');
  }

  /** Leaves a request for the job; its id. */
  post(request: JobRequest): string {
    const id = randomUUID();
    this.#write(id + REQUEST, request);
    return id;
  }

  /** The answer, once it is there. It is given once. */
  takeAnswer(id: string): RequestAnswer | undefined {
    const answer = this.#read<RequestAnswer>(id + ANSWER);
    if (answer !== undefined) rmSync(join(this.#folder, id + ANSWER), { force: true });
    return answer;
  }

  /** Takes a request back. */
  withdraw(id: string): void {
    for (const ending of [REQUEST, ANSWER]) rmSync(join(this.#folder, id + ending), { force: true });
  }

  /** Requests without answer. */
  open(): readonly OpenRequest[] {
    const ids = this.#names()
      .filter((name) => name.endsWith(REQUEST))
      .map((name) => name.slice(0, -REQUEST.length));
    return ids.flatMap((id) => {
      const request = this.#read<JobRequest>(id + REQUEST);
      return request === undefined ? [] : [{ ...request, id }];
    });
  }

  answer(id: string, answer: RequestAnswer): void {
    this.#write(id + ANSWER, answer);
    rmSync(join(this.#folder, id + REQUEST), { force: true });
  }

  /** Removes what was left over. */
  clear(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }

  #write(name: string, value: unknown): void {
    try {
      mkdirSync(this.#folder, { recursive: true });
      const path = join(this.#folder, name);
      writeFileSync(`${path}.new`, JSON.stringify(value));
      renameSync(`${path}.new`, path);
    } catch (cause) {
      const message = `${join(this.#folder, name)} cannot be written (${messageOf(cause)}).`;
      throw new UserError('STATE_DIR_UNUSABLE', message, { cause });
    }
  }

  /** Files of this folder are written by this class alone, whole. */
  #read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), 'utf8'));
    } catch {
      return undefined;
    }
  }
}
