/** The shape of a case, and the reading of a file of cases. */
import { readFileSync } from 'node:fs';
import { type Fields, isFields } from './fields.ts';

/** Facts about one of Flink's operator tests. */
export interface GoldenCase {
  readonly name: string;
  readonly operator: string;
  readonly config: Fields;
  readonly order: string;
  readonly steps: readonly Fields[];
  readonly expected: readonly Fields[];
  readonly expectedSideOutput: Fields | undefined;
  readonly checks: readonly Fields[];
  readonly expectError: string | undefined;
  /** Fields of the case that change its meaning and that no group honours, with their values. */
  readonly unhonoured: Fields;
}

/** A file that is no list of cases; the message says why. */
export class CaseFileError extends Error {}

const HONOURED = new Set([
  'name',
  'source_file',
  'operator',
  'config',
  'semantics',
  'order',
  'steps',
  'expected',
  'expectedSideOutput',
  'checks',
  'expectError',
]);

/** Reads the cases of `path`. Throws CaseFileError. */
export function readCases(path: string): readonly GoldenCase[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CaseFileError(`Cannot read cases from ${path}: ${reason}`);
  }
  if (!Array.isArray(content)) throw new CaseFileError(`${path} is not a JSON array of cases.`);
  return content.map((item: unknown, index) => parseCase(item, `${path}, case ${index}`));
}

/** Checks one parsed case. Throws CaseFileError; `where` names the case in messages. */
export function parseCase(item: unknown, where: string): GoldenCase {
  if (!isFields(item)) throw new CaseFileError(`${where} is not an object.`);
  if (item.expected === undefined) throw new CaseFileError(`${where}: expected is missing.`);
  return {
    name: text(item, 'name', where),
    operator: text(item, 'operator', where),
    config: item.config === undefined ? {} : object(item.config, `${where}: config`),
    order: text(item, 'order', where),
    steps: objects(item.steps, `${where}: steps`),
    expected: Array.isArray(item.expected) ? objects(item.expected, `${where}: expected`) : [],
    expectedSideOutput:
      item.expectedSideOutput === undefined
        ? undefined
        : object(item.expectedSideOutput, `${where}: expectedSideOutput`),
    checks: item.checks === undefined ? [] : objects(item.checks, `${where}: checks`),
    expectError: item.expectError === undefined ? undefined : text(item, 'expectError', where),
    unhonoured: Object.fromEntries(Object.entries(item).filter(([name, value]) => !isHonoured(name, value))),
  };
}

/** Expectations that are not a list have a meaning of their own, such as one list per subtask. */
function isHonoured(name: string, value: unknown): boolean {
  return HONOURED.has(name) && (name !== 'expected' || Array.isArray(value));
}

function text(item: Fields, name: string, where: string): string {
  const value = item[name];
  if (typeof value !== 'string') throw new CaseFileError(`${where}: ${name} is not a string.`);
  return value;
}

function object(value: unknown, where: string): Fields {
  if (!isFields(value)) throw new CaseFileError(`${where} is not an object.`);
  return value;
}

function objects(value: unknown, where: string): readonly Fields[] {
  if (!Array.isArray(value)) throw new CaseFileError(`${where} is not a list.`);
  return value.map((item: unknown, index) => object(item, `${where}[${index}]`));
}
