/**
 * Faults of a function's process, loaded before the function: `NODE_OPTIONS=--import=<this file>`.
 *
 * Only calls that commit, send or publish are hit; for each of them the kinds of faults take turns, over all
 * processes of the job. Each fault is a line of the file that the environment names, so that a test can tell
 * that there were any.
 */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

/** A fault as the file tells of it. */
export interface InjectedFault {
  readonly kind: FaultKind;
  readonly call: FaultCall;
  readonly pid: number;
}

export type FaultKind = (typeof FAULT_KINDS)[number];
export type FaultCall = (typeof FAULT_CALLS)[number];

/**
 * `refused`: the call does not leave the process, nor do the next ones, until the client gives up;
 * `unanswered`: the call takes effect and nobody knows, as often; `killed-before` and `killed-after`: the
 * process ends before the call, or when it has taken effect; `thrown-before` and `thrown-after`: code of the
 * function throws there what nobody catches.
 */
export const FAULT_KINDS = [
  ...(['refused', 'unanswered', 'killed-before', 'killed-after'] as const),
  ...(['thrown-before', 'thrown-after'] as const),
] as const;
export const FAULT_CALLS = ['commit', 'send', 'publish'] as const;

/** Calls in a row that are refused or unanswered: more than a client tries. */
const BURST = 12;
/** Sends and publications are fewer than commits, and are hit as often. */
const SHARES: Readonly<Record<FaultCall, number>> = { commit: 1, send: 3, publish: 6 };
/** A prime. */
const PLACE_STEP = 7919;

const { MILLRACE_FAULTS_FILE: file = '', MILLRACE_FAULTS_RATE = '0', MILLRACE_FAULTS_KINDS } = process.env;
const rate = Number(MILLRACE_FAULTS_RATE);
const kinds = FAULT_KINDS.filter((kind) => MILLRACE_FAULTS_KINDS?.split(',').includes(kind) ?? true);

let burst: { readonly kind: FaultKind; left: number } | undefined;

function callOf({ method, path, headers }: http.RequestOptions): FaultCall | undefined {
  // The SDK gives headers as an object.
  const target = (headers as Readonly<Record<string, unknown>> | undefined)?.['x-amz-target'];
  const operation = `${target ?? path}`;
  if (/PutItem$/.test(operation)) return 'commit';
  if (/PutRecords$/.test(operation)) return 'send';
  return method === 'PUT' && target === undefined ? 'publish' : undefined;
}

/** One call of as many as the rate says, at another place in each such round. */
function isHit(call: FaultCall): boolean {
  const calls = `${file}.${call}`;
  appendFileSync(calls, '.');
  const index = statSync(calls).size - 1;
  const round = Math.max(1, Math.round(1 / (rate * SHARES[call])));
  return index % round === (Math.floor(index / round) * PLACE_STEP) % round;
}

function faultOf(call: FaultCall): FaultKind | undefined {
  if (burst !== undefined && burst.left-- > 0) return burst.kind;
  burst = undefined;
  if (!isHit(call)) return undefined;
  const before = existsSync(file) ? readFileSync(file, 'utf8').split(`"call":"${call}"`).length - 1 : 0;
  const kind = kinds[before % kinds.length];
  if (kind === undefined) return undefined;
  const fault: InjectedFault = { kind, call, pid: process.pid };
  appendFileSync(file, `${JSON.stringify(fault)}\n`);
  if (kind === 'refused' || kind === 'unanswered') burst = { kind, left: BURST };
  return kind;
}

function hangUp(request: http.ClientRequest): void {
  request.destroy(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
}

function throwUncaught(): void {
  process.nextTick(() => {
    throw new Error('An error that was injected.');
  });
}

const { request } = http;

function requestWithFaults(
  options: http.RequestOptions,
  answered?: (response: http.IncomingMessage) => void,
): http.ClientRequest {
  const call = callOf(options);
  const fault = call && faultOf(call);
  if (fault === 'killed-before') process.kill(process.pid, 'SIGKILL');
  if (fault === 'thrown-before') throwUncaught();
  const sent = request(options, (response) => {
    if (fault === 'killed-after') process.kill(process.pid, 'SIGKILL');
    if (fault === 'thrown-after') throwUncaught();
    if (fault !== 'unanswered') return answered?.(response);
    response.resume();
    hangUp(sent);
  });
  if (fault === 'refused') hangUp(sent);
  return sent;
}

if (file !== '') {
  // The SDK calls it with options and a callback.
  http.request = requestWithFaults as typeof http.request;
  syncBuiltinESMExports();
}
