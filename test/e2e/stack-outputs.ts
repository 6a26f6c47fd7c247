/** Outputs of a stack by their names, without the hash that CDK puts behind those of constructs. */
export type Outputs = Readonly<Record<string, string>>;

/** The output whose name begins so. Throws if there is none. */
export function outputOf(outputs: Outputs, prefix: string): string {
  const found = Object.entries(outputs).find(([name]) => name.startsWith(prefix));
  if (found !== undefined) return found[1];
  throw new Error(`The stack has no output ${prefix}…: ${Object.keys(outputs).join(', ')}`);
}
