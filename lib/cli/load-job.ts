import { pathToFileURL } from 'node:url';
import { isJobDefinition, type JobDefinition } from '../api/define-job.ts';
import { isStreamError, UserError } from '../core/errors.ts';
import { findJobFile, withoutJob } from './job-module.ts';
import { explainModuleError } from './module-error.ts';
import { registerModuleHooks } from './module-hooks.ts';
import type { RunningCopy } from './running-copy.ts';
import { shownPath } from './source-place.ts';

/**
 * The job that the module at `path` exports. Changes how this process loads modules (module-hooks.ts).
 *
 * Throws UserError JOB_NOT_FOUND, JOB_MODULE_INVALID, or the StreamError that the module threw.
 */
export async function loadJob(
  path: string,
  { cwd, copy }: { readonly cwd: string; readonly copy: RunningCopy },
): Promise<JobDefinition> {
  const jobFile = findJobFile(path, cwd);
  const hooks = registerModuleHooks(copy);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(jobFile).href);
  } catch (error) {
    if (isStreamError(error)) throw error;
    throw explainModuleError({ thrown: error, jobFile, cwd, hooks, copy });
  }
  const job = module.default;
  if (isJobDefinition(job)) return job;
  throw new UserError('JOB_MODULE_INVALID', withoutJob(module, shownPath(jobFile, cwd)), {
    context: { location: shownPath(jobFile, cwd) },
  });
}
