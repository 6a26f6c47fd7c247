/**
 * Makes a change of a state's value without `update` fail, for test harnesses.
 *
 * Values are cloned and frozen at the write. What cannot be frozen (binary data) is compared with its bytes
 * at the write on the next use of the state after it was handed out.
 */
import { UserError } from '../../core/errors.ts';
import { cloneStateValue } from '../../core/state-value.ts';

interface Binary {
  readonly live: Uint8Array;
  readonly written: Uint8Array;
  readonly where: () => string;
}

const MAP_MUTATORS = ['set', 'delete', 'clear'];
const SET_MUTATORS = ['add', 'delete', 'clear'];
const DATE_MUTATORS = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

export class StateFreezer {
  readonly #binariesOf = new WeakMap<object, readonly Binary[]>();
  #handedOut: Binary[] = [];

  /** A frozen copy of the value. `where` names the state and its operator. */
  freeze<T>(value: T, where: () => string): T {
    if (typeof value !== 'object' || value === null) return value;
    const copy = cloneStateValue(value);
    const binaries: Binary[] = [];
    freezeDeeply(copy, where, binaries);
    if (binaries.length > 0) this.#binariesOf.set(copy, binaries);
    return copy;
  }

  /** Watches a frozen value that user code is about to get. */
  watch(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const binaries = this.#binariesOf.get(value);
    if (binaries !== undefined) this.#handedOut.push(...binaries);
  }

  /** Throws UserError STATE_MUTATED if binary data that was handed out has changed since it was written. */
  verifyNotMutated(): void {
    if (this.#handedOut.length === 0) return;
    const binaries = this.#handedOut;
    this.#handedOut = [];
    for (const { live, written, where } of binaries) {
      if (live.length !== written.length || live.some((byte, i) => byte !== written[i])) throw mutated(where);
    }
  }
}

function freezeDeeply(value: unknown, where: () => string, binaries: Binary[]): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (ArrayBuffer.isView(value)) watchBytes(value.buffer, where, binaries);
  else if (value instanceof ArrayBuffer) watchBytes(value, where, binaries);
  else if (value instanceof Date) forbid(value, DATE_MUTATORS, where);
  else if (value instanceof Map) {
    forbid(value, MAP_MUTATORS, where);
    for (const [key, part] of value) {
      freezeDeeply(key, where, binaries);
      freezeDeeply(part, where, binaries);
    }
  } else if (value instanceof Set) {
    forbid(value, SET_MUTATORS, where);
    for (const part of value) freezeDeeply(part, where, binaries);
  } else {
    Object.freeze(value);
    for (const part of Object.values(value)) freezeDeeply(part, where, binaries);
  }
}

function watchBytes(buffer: ArrayBufferLike, where: () => string, binaries: Binary[]): void {
  const live = new Uint8Array(buffer);
  binaries.push({ live, written: live.slice(), where });
}

/** Hides the mutators of one object behind functions that throw, invisible to clones. */
function forbid(value: object, mutators: readonly string[], where: () => string): void {
  const refuse = () => {
    throw mutated(where);
  };
  for (const name of mutators) Object.defineProperty(value, name, { value: refuse, enumerable: false });
  Object.freeze(value);
}

function mutated(where: () => string): UserError {
  return new UserError(
    'STATE_MUTATED',
    `${where()} was changed in place, which is lost or half-done after a restore; change a copy and write ` +
      'it back with update, put or add.',
  );
}
