/** What a savepoint says of its state for people: where sources go on, and what keyed states hold. */
import { canonicalKey } from '../core/key.ts';
import type { OperatorDelta } from '../core/log/state-delta.ts';
import type { StateKind } from '../core/state.ts';
import type { SavepointOperator, SourcePosition, StateDescription } from './savepoint-manifest.ts';
import { typeOfValues } from './value-type.ts';

/** Values that are looked at to tell the type of a state. */
const SAMPLES_MAX = 1000;

interface Seen {
  readonly operator: string;
  readonly name: string;
  readonly kind: StateKind;
  readonly keys: Set<unknown>;
  readonly keySamples: unknown[];
  readonly samples: unknown[];
  values: number;
}

/** Keyed states in the order in which they are met. */
export function describeStates(deltas: Iterable<OperatorDelta>): readonly StateDescription[] {
  const states = new Map<string, Seen>();
  for (const { operator, keyed } of deltas) {
    for (const { name, kind, changes } of keyed) {
      const id = JSON.stringify([operator, name]);
      const seen = states.get(id) ?? newState(operator, name, kind);
      states.set(id, seen);
      for (const change of changes) if (change.op === 'put') look(seen, change.key, change.value);
    }
  }
  return [...states.values()].map(({ keySamples, samples, keys, ...state }) => ({
    ...state,
    keys: keys.size,
    keyType: typeOfValues(keySamples),
    valueType: typeOfValues(samples),
  }));
}

function newState(operator: string, name: string, kind: StateKind): Seen {
  return { operator, name, kind, keys: new Set(), keySamples: [], samples: [], values: 0 };
}

function look(seen: Seen, key: unknown, value: unknown): void {
  // A chunk of a list counts its elements.
  const values = seen.kind === 'list' && Array.isArray(value) ? value : [value];
  seen.keys.add(canonicalKey(key));
  seen.values += values.length;
  if (seen.samples.length >= SAMPLES_MAX) return;
  seen.keySamples.push(key);
  for (const one of values.slice(0, SAMPLES_MAX)) seen.samples.push(one);
}

/** Where each source goes on. */
export function describeSources(
  operators: readonly SavepointOperator[],
  deltas: readonly OperatorDelta[],
): readonly SourcePosition[] {
  return operators.flatMap(({ id, kind, connector }) => {
    if (kind !== 'source' || connector === null) return [];
    const states = deltas.filter(({ operator }) => operator === id).flatMap((delta) => delta.states);
    const position = new Set(
      states.flatMap(({ changes }) =>
        changes.flatMap((change) => (change.op === 'put' ? splitText(change.value) : [])),
      ),
    );
    return [{ operator: id, connector, position: [...position] }];
  });
}

/** A split within the state of a reader or an enumerator; nothing for other state. */
function splitText(value: unknown): readonly string[] {
  if (!isObject(value) || !isObject(value.split)) return [];
  const { splitId, ...fields } = value.split;
  const texts = Object.entries(fields)
    .filter(([, field]) => typeof field === 'string' || typeof field === 'number')
    .map(([name, field]) => `${name} ${String(field)}`);
  return [`${String(splitId)}: ${texts.join(', ')}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
