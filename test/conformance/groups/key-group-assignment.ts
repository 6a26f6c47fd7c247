/** KeyGroupAssignment: hashes, key groups, ranges and default max parallelism. */
import { hashKey } from '../../../lib/core/key.ts';
import {
  assignToKeyGroup,
  defaultMaxParallelism,
  keyGroupRange,
  operatorIndexForKeyGroup,
} from '../../../lib/core/key-groups.ts';
import { requireEqual } from '../comparison.ts';
import { type Fields, integerField, optionalInteger, requireKnownFields } from '../fields.ts';
import type { GoldenCase } from '../golden-case.ts';
import { CannotExpress, Difference } from '../verdict.ts';

/** A modulus above every murmur hash, so that the key group is the hash itself. */
const HASH_RANGE = 2 ** 31;

export function runKeyGroupAssignment(golden: GoldenCase): void {
  requireKnownFields(golden.config, ['maxParallelism', 'parallelism'], 'config');
  const { steps, expected } = golden;
  if (steps.length !== expected.length) {
    throw new Difference(`${steps.length} steps but ${expected.length} expectations`);
  }
  const actual = steps.map((step, index) => resultOf(step, expected[index] ?? {}, golden.config));
  requireEqual(golden.order, expected, actual);
}

/** The facts that `expected` asks for. */
function resultOf(step: Fields, expected: Fields, config: Fields): Fields {
  if ('key' in step)
    return Object.fromEntries(Object.keys(expected).map((fact) => [fact, keyFact(fact, step, config)]));
  const parallelism = integerField(step, 'parallelism', 'step');
  if (step.maxParallelism === undefined) {
    requireKnownFields(step, ['parallelism'], 'step');
    return { defaultMaxParallelism: defaultMaxParallelism(parallelism) };
  }
  requireKnownFields(step, ['parallelism', 'maxParallelism'], 'step');
  const maxParallelism = integerField(step, 'maxParallelism', 'step');
  const ranges = Array.from({ length: parallelism }, (_, index) =>
    keyGroupRange(maxParallelism, parallelism, index),
  );
  return { ranges };
}

/** Facts have names such as `keyGroup128` (of max parallelism 128) and `subtaskOf4`. */
function keyFact(fact: string, step: Fields, config: Fields): unknown {
  requireKnownFields(step, ['key', 'type'], 'step');
  const [, name, parameter] = /^([a-zA-Z]+?)(\d*)$/.exec(fact) ?? [];
  const maxParallelism = optionalInteger(config, 'maxParallelism', 'config') ?? 128;
  const hash = hashKey(keyOf(step));
  switch (name) {
    case 'type':
    case 'key':
      return step[name];
    case 'javaHash':
      return hash;
    case 'murmur':
      return assignToKeyGroup(hash, HASH_RANGE);
    case 'keyGroup':
      return assignToKeyGroup(hash, parameter === '' ? maxParallelism : Number(parameter));
    case 'subtaskOf':
      return operatorIndexForKeyGroup(
        maxParallelism,
        Number(parameter),
        assignToKeyGroup(hash, maxParallelism),
      );
    default:
      throw new CannotExpress(`expected ${fact} of a key`);
  }
}

function keyOf({ key, type }: Fields): unknown {
  if (type === 'String' && typeof key === 'string') return key;
  if (type === 'Integer' && typeof key === 'number') return key;
  if (type === 'Boolean' && typeof key === 'boolean') return key;
  if (type === 'Double' && typeof key === 'number' && !Number.isInteger(key)) return key;
  if (type === 'Long' && (typeof key === 'string' || Number.isSafeInteger(key)))
    return BigInt(key as string | number);
  throw new CannotExpress(`key ${JSON.stringify(key)} of type ${JSON.stringify(type)}`);
}
