/** What a client of the SDK is a source of: counts of its calls. */
interface CallingClient {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: never) => Promise<unknown>,
        context: { readonly commandName?: string },
      ) => (args: never) => Promise<unknown>,
      options: { readonly step: 'initialize'; readonly name: string },
    ): void;
  };
}

/** Names of the commands that `client` sends from now on, in order; emptied by `take`. */
export function countCalls(client: CallingClient): { take(): readonly string[] } {
  let names: string[] = [];
  client.middlewareStack.add(
    (next, { commandName = '?' }) =>
      (args) => {
        names.push(commandName);
        return next(args);
      },
    { step: 'initialize', name: 'countCalls' },
  );
  return {
    take: () => {
      const taken = names;
      names = [];
      return taken;
    },
  };
}
