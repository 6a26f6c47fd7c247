/** Which account, region and stack a command is for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, UserError } from '../core/errors.ts';
import type { DeployedTarget } from '../deployed/deployed-target.ts';
import type { CommandContext } from './command-context.ts';
import { explainMissingPackages } from './missing-packages.ts';

/** Where jobs run. */
export const CONFIG_TARGETS = ['local', 'aws'] as const;

/** Settings of `millrace.config.ts`: defaults of the options of the same names. */
export interface MillraceConfig {
  /** Where commands look for jobs. @default - this machine if it has the job, else AWS */
  readonly target?: (typeof CONFIG_TARGETS)[number];
  /** Stack whose jobs are meant. @default - all stacks of account and region */
  readonly stack?: string;
  /** AWS profile. @default - as the AWS SDK finds credentials */
  readonly profile?: string;
  /** AWS region. @default - as the AWS SDK finds it */
  readonly region?: string;
  /** URL of all services, of an emulator for example. @default - those of AWS */
  readonly endpoint?: string;
}

export type AwsOptions = { readonly [K in (typeof SETTINGS)[number]]?: string | undefined };

const CONFIG_FILES = ['millrace.config.ts', 'millrace.config.js', 'millrace.config.mjs'];
const SETTINGS = ['stack', 'profile', 'region', 'endpoint'] as const;
const NAMES = ['target', ...SETTINGS] as const;

/**
 * The deployed jobs that options and project mean; options win.
 *
 * Throws UserError ARGUMENT_INVALID for the settings, PACKAGE_MISSING if the AWS SDK is not installed.
 */
export async function openTarget(
  options: AwsOptions,
  { cwd, copy }: CommandContext,
): Promise<DeployedTarget> {
  const config = await readConfig(cwd);
  const chosen = Object.fromEntries(SETTINGS.map((name) => [name, options[name] ?? config[name]]));
  const { profile, region, endpoint, stack } = chosen;
  // As the SDK is configured, whichever of its clients is made.
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  if (region !== undefined) process.env.AWS_REGION = region;
  if (endpoint !== undefined) process.env.AWS_ENDPOINT_URL = endpoint;
  // Commands that do not need AWS load nothing of its SDK.
  const { DeployedTarget: Target } = await import('../deployed/deployed-target.ts').catch(
    (error: unknown) => {
      throw explainMissingPackages(error, copy);
    },
  );
  return new Target({ stack });
}

/** The settings of the project in `cwd`. Throws UserError ARGUMENT_INVALID. */
export async function readConfig(cwd: string): Promise<MillraceConfig> {
  const file = CONFIG_FILES.map((name) => join(cwd, name)).find((path) => existsSync(path));
  if (file === undefined) return {};
  let config: unknown;
  try {
    // A module has what it exports.
    ({ default: config } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown });
  } catch (cause) {
    throw invalidConfig(file, `cannot be loaded: ${messageOf(cause)}`, cause);
  }
  if (typeof config !== 'object' || config === null) {
    throw invalidConfig(file, `exports no settings: export default { ${NAMES.join(', ')} }`);
  }
  for (const [name, value] of Object.entries(config)) {
    if (!NAMES.some((known) => known === name)) {
      throw invalidConfig(file, `has the setting '${name}', which is none of ${NAMES.join(', ')}`);
    }
    if (value !== undefined && typeof value !== 'string') {
      throw invalidConfig(file, `has a setting '${name}' that is no text`);
    }
    if (name === 'target' && value !== undefined && !CONFIG_TARGETS.some((target) => target === value)) {
      throw invalidConfig(file, `has the target '${value}', which is none of ${CONFIG_TARGETS.join(', ')}`);
    }
  }
  return config;
}

function invalidConfig(file: string, what: string, cause?: unknown): UserError {
  return new UserError('ARGUMENT_INVALID', `${file} ${what}.`, {
    context: { location: file },
    ...(cause === undefined ? {} : { cause }),
  });
}
