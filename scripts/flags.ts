/** Flags of the scripts of the simulator: a wrong one says what is allowed. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

type Values = Readonly<Record<string, string | undefined>>;

/** Values by name; ends the process for a flag that is not known. All options are strings. */
export function readFlags(options: ParseArgsOptionsConfig): Values {
  try {
    // No option is a boolean or may be repeated.
    return parseArgs({ options }).values as Values;
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    return stop(`${error instanceof Error ? error.message : String(error)} Allowed: ${known.join(', ')}.`);
  }
}

/** From 1 on. */
export function wholeNumber(name: string, text: string | undefined): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  return stop(`--${name} is ${JSON.stringify(text)}; allowed is a whole number from 1 on.`);
}

/** One of the names. */
export function oneOf<T>(name: string, text: string, known: ReadonlyMap<string, T>): T {
  const value = known.get(text);
  if (value !== undefined) return value;
  return stop(`--${name} is ${JSON.stringify(text)}; allowed are:\n  ${[...known.keys()].join('\n  ')}`);
}

function stop(message: string): never {
  console.error(message);
  process.exit(2);
}
