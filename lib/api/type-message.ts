declare const typeMessage: unique symbol;

/**
 * A sentence that the compiler shows instead of letting a wrong program through. No value has this type, so
 * calling it or passing something for it does not compile and the message says why.
 */
export interface TypeMessage<Message extends string> {
  readonly [typeMessage]: Message;
}
