import type { TypeMessage } from './type-message.ts';

/** Only the text has a name: the compiler would show that of a whole type instead of the sentence. */
type KeyRule = 'a key must be a string, number, bigint, boolean, Date, or a tuple or plain object of these';

/**
 * K itself if its values can be keys, else a type that no value has, with the reason.
 *
 * Instances of classes without methods look like plain objects to the compiler; they are refused at run time
 * by RecordError KEY_INVALID.
 */
export type KeyCheck<K> = K extends string | number | bigint | boolean | Date
  ? K
  : K extends (...args: never) => unknown
    ? TypeMessage<'a function cannot be a key'>
    : K extends object
      ? { [P in keyof K]: KeyCheck<K[P]> }
      : TypeMessage<KeyRule>;
