/**
 * SavepointDuty: what a running job does for those who ask it for savepoints or to end.
 *
 * 1. A savepoint is taken of a job at rest that has committed and published everything, open parts included:
 *    it holds nothing that is still to be published (I16).
 */

import { FolderSavepointStore } from '../adapters/folder/folder-savepoint-store.ts';
import { isStreamError, messageOf, UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { writeSavepoint } from '../savepoint/write-savepoint.ts';
import type { JobRequests, OpenRequest, RequestAnswer } from './job-requests.ts';
import type { StateDirectory } from './state-directory.ts';

export class SavepointDuty {
  readonly #state: StateDirectory;
  readonly #requests: JobRequests;
  #lookedAt = 0;
  /** With which the job ends. */
  readonly #ending: OpenRequest[] = [];

  constructor(state: StateDirectory, requests: JobRequests) {
    this.#state = state;
    this.#requests = requests;
    requests.clear();
  }

  /** Requests that the job has not seen yet, when it is time to look. */
  look(now: number): readonly OpenRequest[] {
    if (now - this.#lookedAt < LIMITS.jobRequestLookMs) return [];
    this.#lookedAt = now;
    return this.#requests.open().filter(({ id }) => this.#ending.every((one) => one.id !== id));
  }

  /** Remembers a request that is answered when the job has ended. */
  endsWith(request: OpenRequest): void {
    this.#ending.push(request);
  }

  /** Answers a request; the job is at rest and has published everything. */
  async serve({ id, kind, folder }: OpenRequest, now: number): Promise<void> {
    const savepoint = kind === 'cancel' ? undefined : folder;
    try {
      if (savepoint !== undefined) await this.#takeSavepoint(savepoint, now);
    } catch (error) {
      this.#requests.answer(id, failureOf(error));
      return;
    }
    this.#requests.answer(id, { kind: 'done', savepoint });
  }

  /** The job has ended. */
  async ended(now: number): Promise<void> {
    for (const request of this.#ending) await this.serve(request, now);
    // Too late for the job to see them.
    for (const request of this.#requests.open()) await this.serve(request, now);
  }

  failed(error: unknown): void {
    for (const { id } of this.#requests.open()) this.#requests.answer(id, failureOf(error));
  }

  async #takeSavepoint(folder: string, now: number): Promise<void> {
    const image = await this.#state.image();
    if (image === undefined) throw nothingYet();
    await writeSavepoint(image, { store: new FolderSavepointStore(folder), where: folder, now });
  }
}

function nothingYet(): UserError {
  return new UserError('ARGUMENT_INVALID', 'The job has no state yet: it has read nothing. Ask it later.');
}

function failureOf(error: unknown): RequestAnswer {
  const code = isStreamError(error) ? error.code : 'IO_FAILED';
  return { kind: 'failed', code, message: messageOf(error) };
}
