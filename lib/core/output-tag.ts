import { UserError } from './errors.ts';

/**
 * Names a side output and types its records.
 *
 * @typeParam T type of the records of this side output.
 * Throws UserError OUTPUT_TAG_INVALID if `id` is empty. Source: Flink's OutputTag.
 */
export class OutputTag<T> {
  readonly id: string;
  /** Only for the compiler: ties T to the tag. Never set. */
  declare readonly recordType: T;

  constructor(id: string) {
    if (typeof id !== 'string' || id.length === 0) {
      throw new UserError('OUTPUT_TAG_INVALID', 'An OutputTag needs a non-empty id.');
    }
    this.id = id;
  }
}
