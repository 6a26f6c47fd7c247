/** Runs definitions of Step Functions as far as this project uses the language (JSONPath). */
import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf } from '../infra/job-stack.ts';

type Fields = Readonly<Record<string, unknown>>;

interface ChoiceRule extends Fields {
  readonly Next: string;
}

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Parameters?: Fields;
  readonly ResultPath?: string;
  readonly Catch?: readonly { readonly Next: string; readonly ResultPath?: string }[];
  readonly Retry?: readonly { readonly MaxAttempts: number }[];
  readonly Choices?: readonly ChoiceRule[];
  readonly Default?: string;
  readonly Error?: string;
  readonly Seconds?: number;
}

export interface StateMachineDefinition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

/** The machine whose construct is named `id`. */
export function definitionOf(template: Template, id: string): StateMachineDefinition {
  const machines = resourcesOf(template, 'AWS::StepFunctions::StateMachine');
  const machine = machines.find((resource) => resource.id.includes(`${id}Machine`));
  // CDK joins the text with the ARNs that are not known yet.
  const join = machine?.Properties.DefinitionString as { 'Fn::Join': [string, readonly unknown[]] };
  const text = join['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'arn')).join('');
  return JSON.parse(text) as StateMachineDefinition;
}

export interface Execution {
  readonly id: string;
  readonly input: unknown;
  /** What a task does; its answer is what the state answers. */
  readonly call: (payload: Fields) => Promise<unknown>;
  /** Called before each state, with its name. */
  readonly before?: (state: string) => Promise<void>;
}

export interface ExecutionEnd {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly error: string | undefined;
  readonly output: unknown;
  /** Names of the states in the order in which they were entered. */
  readonly states: readonly string[];
  /** The largest input of a state, as JSON. */
  readonly bytesMax: number;
}

/** Runs an execution to its end; a task that throws is caught, or ends it: retries are up to `call`. */
export async function execute(
  { StartAt, States }: StateMachineDefinition,
  { id, input, call, before = async () => {} }: Execution,
): Promise<ExecutionEnd> {
  const states: string[] = [];
  let [name, data, bytesMax]: [string, unknown, number] = [StartAt, input, 0];
  const ended = (status: ExecutionEnd['status'], error?: string): ExecutionEnd => {
    return { status, error, output: data, states, bytesMax };
  };
  for (;;) {
    const state = States[name];
    if (state === undefined) throw new Error(`There is no state ${name}.`);
    await before(name);
    states.push(name);
    bytesMax = Math.max(bytesMax, Buffer.byteLength(JSON.stringify(data)));
    let next = state.Next;
    switch (state.Type) {
      case 'Succeed':
        return ended('SUCCEEDED');
      case 'Fail':
        return ended('FAILED', state.Error);
      case 'Choice':
        next = state.Choices?.find((rule) => holds(rule, data))?.Next ?? state.Default;
        break;
      case 'Task':
        try {
          data = placed(data, state.ResultPath, await call(filled(state.Parameters ?? {}, { data, id })));
        } catch (error) {
          const caught = state.Catch?.[0];
          if (caught === undefined) return ended('FAILED', String(error));
          data = placed(data, caught.ResultPath, { Error: 'Error', Cause: String(error) });
          next = caught.Next;
        }
        break;
      case 'Wait':
        break;
      default:
        throw new Error(`${state.Type} is not known.`);
    }
    if (state.End === true) return ended('SUCCEEDED');
    if (next === undefined) throw new Error(`${name} leads nowhere.`);
    name = next;
  }
}

/** Events of Step Functions for the states of an execution in which every task is retried to the end. */
export function eventsOf({ States }: StateMachineDefinition, states: readonly string[]): number {
  const ends = 2;
  return states.reduce((sum, name) => {
    const { Type, Retry } = States[name] ?? { Type: 'Task', Retry: undefined };
    const attempts = 1 + (Retry ?? []).reduce((most, { MaxAttempts }) => most + MaxAttempts, 0);
    // Entered and exited; a task also is scheduled, starts and ends with each attempt.
    return sum + 2 + (Type === 'Task' ? 3 * attempts : 0);
  }, ends);
}

function filled(parameters: Fields, { data, id }: { readonly data: unknown; readonly id: string }): Fields {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (!name.endsWith('.$')) return [name, value];
      return [name.slice(0, -2), value === '$$.Execution.Id' ? id : at(data, String(value))];
    }),
  );
}

function at(data: unknown, path: string): unknown {
  if (path === '$') return data;
  // Paths of this project are one field deep.
  const value = (data as Fields)[path.slice('$.'.length)];
  if (value === undefined) throw new Error(`${path} is not in ${JSON.stringify(data)}.`);
  return value;
}

function placed(data: unknown, path: string | undefined, result: unknown): unknown {
  if (path === undefined || path === '$') return result;
  // As `at`.
  return { ...(data as Fields), [path.slice('$.'.length)]: result };
}

function holds(rule: Fields, data: unknown): boolean {
  const { And, Or, Variable, IsPresent, StringEquals } = rule;
  // Rules of rules are lists.
  if (And !== undefined) return (And as readonly Fields[]).every((part) => holds(part, data));
  if (Or !== undefined) return (Or as readonly Fields[]).some((part) => holds(part, data));
  // As `at`.
  const value = (data as Fields)[String(Variable).slice('$.'.length)];
  if (IsPresent !== undefined) return (value !== undefined) === IsPresent;
  return value === StringEquals;
}
