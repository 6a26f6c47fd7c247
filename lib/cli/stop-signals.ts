/** SIGINT and SIGTERM end a job in order; a second one ends the process at once. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof EXIT_CODES;

export interface StopSignals extends Disposable {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** 128 + the number of the signal that came; undefined if none did. */
  exitCode(): number | undefined;
}

/** Listens until disposed. `onFirst` tells the user that the job is ending. */
export function listenForStopSignals(onFirst: (name: StopSignal) => void): StopSignals {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  const listener = (name: StopSignal) => {
    if (received !== undefined) process.exit(EXIT_CODES[name]);
    received = name;
    onFirst(name);
    controller.abort();
  };
  const names: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    exitCode: () => (received === undefined ? undefined : EXIT_CODES[received]),
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, listener);
    },
  };
}
