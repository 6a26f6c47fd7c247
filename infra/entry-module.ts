import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isJobDefinition, type JobDefinition } from '../lib/api/define-job.ts';
import { findJobFile, withoutJob } from '../lib/cli/job-module.ts';
import { explainModuleError } from '../lib/cli/module-error.ts';
import { type ModuleHooks, registerModuleHooks } from '../lib/cli/module-hooks.ts';
import { findRunningCopy, type RunningCopy } from '../lib/cli/running-copy.ts';
import { shownPath } from '../lib/cli/source-place.ts';
import { isStreamError, UserError } from '../lib/core/errors.ts';

/** A job with the file that exports it. */
export interface EntryModule {
  /** Absolute path. */
  readonly file: string;
  readonly job: JobDefinition;
  readonly copy: RunningCopy;
}

// Hooks belong to the process: they are registered once for all jobs of an app.
let registered: { readonly hooks: ModuleHooks; readonly copy: RunningCopy } | undefined;

/**
 * Loads the job that `entry` exports, synchronously. Throws UserError JOB_NOT_FOUND, JOB_MODULE_INVALID, or
 * the StreamError that the module threw.
 */
export function loadEntry(entry: string): EntryModule {
  const cwd = process.cwd();
  const file = findJobFile(entry, cwd);
  registered ??= hooksOf(findRunningCopy());
  const { hooks, copy } = registered;
  const shown = shownPath(file, cwd);
  let module: unknown;
  try {
    module = createRequire(resolve(cwd, 'package.json'))(file);
  } catch (error) {
    if (isStreamError(error)) throw error;
    if (isAsyncModule(error)) throw topLevelAwait(shown);
    throw explainModuleError({ thrown: error, jobFile: file, cwd, hooks, copy });
  }
  const exported = isFields(module) ? module : {};
  const job = exported.default;
  if (isJobDefinition(job)) return { file, job, copy };
  throw new UserError('JOB_MODULE_INVALID', withoutJob(exported, shown), { context: { location: shown } });
}

function hooksOf(copy: RunningCopy): { readonly hooks: ModuleHooks; readonly copy: RunningCopy } {
  return { hooks: registerModuleHooks(copy), copy };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isAsyncModule(error: unknown): boolean {
  return isFields(error) && error.code === 'ERR_REQUIRE_ASYNC_MODULE';
}

function topLevelAwait(shown: string): UserError {
  return new UserError(
    'JOB_MODULE_INVALID',
    `${shown}, or a module that it imports, uses \`await\` at its top level, but a deployed job is read ` +
      "synchronously: end it with `export default defineJob('name', (env) => { … });` and do what is " +
      'asynchronous in the `open` of a function.',
    { context: { location: shown } },
  );
}
