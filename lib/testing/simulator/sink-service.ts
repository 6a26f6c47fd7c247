/** What the sink of the simulated world holds; every call atomic. */
export class SinkService {
  readonly #parts = new Map<string, readonly unknown[]>();

  /** Keeps the first of what comes under one id. */
  store(id: string, values: readonly unknown[]): void {
    if (!this.#parts.has(id)) this.#parts.set(id, values);
  }

  values(): readonly unknown[] {
    return [...this.#parts.values()].flat();
  }
}
