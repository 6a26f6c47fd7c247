/** Which packages an import of Millrace's own code lacks, in a sentence with the fix. */
import { UserError } from '../core/errors.ts';
import type { RunningCopy } from './running-copy.ts';

const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/** Groups: the package, without the path in it. */
const PACKAGE = /^Cannot find (?:package|module) '((?:@[^/']+\/)?[^@./'][^/']*)/;

/** The PACKAGE_MISSING behind a failed import of code that speaks with AWS; any other error as it is. */
export function explainMissingPackages(thrown: unknown, copy: RunningCopy): unknown {
  if (!(thrown instanceof Error && 'code' in thrown && NOT_FOUND.has(String(thrown.code)))) return thrown;
  const named = PACKAGE.exec(thrown.message)?.[1];
  if (named === undefined) return thrown;
  // Node names the first, and people mend all at once.
  const others = copy.dependencies.filter((name) => /^@(aws-sdk|smithy)\//.test(name) && !isInstalled(name));
  const missing = [...new Set([named, ...others])].sort();
  const [subject, verb] = missing.length === 1 ? ['a package', 'is'] : ['packages', 'are'];
  return new UserError(
    'PACKAGE_MISSING',
    `${missing.join(', ')} ${verb} not installed, ${subject} that commands for deployed jobs need. ` +
      'Run `npm install` in the project: it brings every package that Millrace depends on.',
    { cause: thrown },
  );
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
