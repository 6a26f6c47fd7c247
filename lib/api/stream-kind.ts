/**
 * Stands for a generic class of streams, so that files below data-stream.ts can say "a stream of R" without
 * knowing its class. An implementation declares `stream` in terms of `this['record']`.
 */
export interface StreamKind {
  readonly record: unknown;
  readonly stream: unknown;
}

/** The stream of records R of that kind. */
export type StreamOf<Kind extends StreamKind, R> = (Kind & { readonly record: R })['stream'];
