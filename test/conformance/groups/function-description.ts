/**
 * Reads the descriptions of process functions: sections (`processElement: …`, `input1: …`, `onTimer: …`) of
 * statements such as `emit "STATE:"+s` or `registerTimer(current+5)`. A text that is not understood to its
 * last character cannot be expressed.
 */
import { CannotExpress } from '../verdict.ts';
import { type Expression, parseExpression, splitOutside } from './expression.ts';

export type TimerDomain = 'event' | 'processing';

export type Statement =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'assert-key'; readonly equals: Expression }
  | { readonly kind: 'emit'; readonly value: Expression }
  | { readonly kind: 'emit-by-domain'; readonly event: Expression; readonly processing: Expression }
  | { readonly kind: 'output'; readonly tag: string | null; readonly value: Expression }
  | { readonly kind: 'update'; readonly value: Expression }
  | { readonly kind: 'clear' }
  | {
      readonly kind: 'timer';
      readonly action: 'register' | 'delete';
      readonly domain: TimerDomain;
      readonly time: Expression;
    }
  | {
      readonly kind: 'if-no-state';
      readonly whenAbsent: readonly Statement[];
      readonly otherwise: readonly Statement[];
    };

/** A described function: what it does with a record of each input and with a timer. */
export interface FunctionDescription {
  readonly input1: readonly Statement[];
  readonly input2: readonly Statement[];
  readonly onTimer: readonly Statement[];
}

const SECTION = /(?:^|\. )(processElement|both inputs|input1|input2|onTimer): /;

/** `timeDomain` decides what `registerTimer` and `current` mean. */
export function parseFunction(description: string, timeDomain: TimerDomain | undefined): FunctionDescription {
  const parts = description.split(SECTION);
  const sections: Record<'input1' | 'input2' | 'onTimer', Statement[]> = {
    input1: [],
    input2: [],
    onTimer: [],
  };
  const add = (label: string, text: string) => {
    const statements = parseStatements(text, timeDomain);
    const targets =
      label === 'processElement' || label === 'both inputs' ? (['input1', 'input2'] as const) : [label];
    // The labels of SECTION that are left are the names of sections.
    for (const target of targets) sections[target as keyof typeof sections].push(...statements);
  };
  // Text before the first label is about every record.
  if ((parts[0] ?? '').trim() !== '') add('processElement', parts[0] ?? '');
  for (let i = 1; i < parts.length; i += 2) add(parts[i] ?? '', parts[i + 1] ?? '');
  return sections;
}

function parseStatements(text: string, timeDomain: TimerDomain | undefined): readonly Statement[] {
  return splitOutside(text, /[;,]/)
    .map((part) => part.trim().replace(/\.$/, ''))
    .filter((part) => part !== '')
    .map((part) => parseStatement(part, timeDomain));
}

function parseStatement(text: string, timeDomain: TimerDomain | undefined): Statement {
  const statement =
    parseEmit(text) ?? parseState(text, timeDomain) ?? parseTimer(text, timeDomain) ?? parseOutput(text);
  if (statement === undefined) throw new CannotExpress(`function: ${JSON.stringify(text)}`);
  return statement;
}

function parseEmit(text: string): Statement | undefined {
  const [, key] = /^assert ctx\.currentKey ==+ (.+)$/.exec(text) ?? [];
  if (key !== undefined) return { kind: 'assert-key', equals: parseExpression(key) };
  const [, value] = /^emit (.+)$/.exec(text) ?? [];
  if (value === undefined) return undefined;
  const [, event, processing] = /^("EVENT[^"]*")(?: or |\|)("PROC[^"]*")(?: by domain)?$/.exec(value) ?? [];
  if (event !== undefined && processing !== undefined) {
    return { kind: 'emit-by-domain', event: parseExpression(event), processing: parseExpression(processing) };
  }
  return { kind: 'emit', value: parseExpression(value) };
}

function parseState(text: string, timeDomain: TimerDomain | undefined): Statement | undefined {
  if (text === 'value state s') return { kind: 'nothing' };
  if (text === 's.clear()') return { kind: 'clear' };
  const [, value] = /^s\s*=\s*([^=].*)$/.exec(text) ?? [];
  if (value !== undefined) return { kind: 'update', value: parseExpression(value) };
  const [, absent, otherwise] = /^if s\s*==+\s*null \{(.*)\} else \{(.*)\}$/.exec(text) ?? [];
  if (absent === undefined || otherwise === undefined) return undefined;
  return {
    kind: 'if-no-state',
    whenAbsent: parseStatements(absent, timeDomain),
    otherwise: parseStatements(otherwise, timeDomain),
  };
}

const EVENT = { domain: 'event' } as const;
const PROCESSING = { domain: 'processing' } as const;

/** Names of timer calls; without a domain the case's own counts. */
const TIMER_CALLS: Readonly<Record<string, { readonly domain?: TimerDomain; readonly deletes?: true }>> = {
  registerEventTimeTimer: EVENT,
  registerEvent: EVENT,
  eventTimer: EVENT,
  event: EVENT,
  deleteEventTimeTimer: { ...EVENT, deletes: true },
  deleteEvent: { ...EVENT, deletes: true },
  registerProcessingTimeTimer: PROCESSING,
  registerProc: PROCESSING,
  processingTimer: PROCESSING,
  procTimer: PROCESSING,
  proc: PROCESSING,
  deleteProcessingTimeTimer: { ...PROCESSING, deletes: true },
  deleteProc: { ...PROCESSING, deletes: true },
  registerTimer: {},
  deleteTimer: { deletes: true },
};

function parseTimer(text: string, timeDomain: TimerDomain | undefined): Statement | undefined {
  const [, name, time] = /^(?:timerService\.)?(\w+)\((.*)\)$/.exec(text) ?? [];
  const call = name === undefined ? undefined : TIMER_CALLS[name];
  if (call === undefined || time === undefined) return undefined;
  const domain = call.domain ?? timeDomain;
  if (domain === undefined) throw new CannotExpress(`${text} in a case without timeDomain`);
  return { kind: 'timer', action: call.deletes ? 'delete' : 'register', domain, time: parseExpression(time) };
}

function parseOutput(text: string): Statement | undefined {
  const [, tag, value] = /^output\(([\w-]+), (.+)\)$/.exec(text) ?? [];
  if (tag === undefined || value === undefined) return undefined;
  return { kind: 'output', tag: tag === 'null' ? null : tag, value: parseExpression(value) };
}
