/**
 * The coordinator's procedures. Every step is a call of its function, may be repeated, and hands on a name or
 * two: neither the number of subtasks nor the length of a procedure comes near a limit of Step Functions.
 */
import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  type IChainable,
  JsonPath,
  LogLevel,
  StateMachine,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { LIMITS } from '../lib/core/limits.ts';
import { acknowledgeResource } from './acknowledgements.ts';
import type { JobScope } from './job-scope.ts';

/** The procedures that a job can be put through. */
export interface StateMachines {
  /** Takes a checkpoint, if the job has moved since the last. */
  readonly checkpoint: StateMachine;
  /** Takes a checkpoint that is kept until somebody discards it; the job goes on. */
  readonly savepoint: StateMachine;
  /** Stops the job. Input: `{ "mode": "savepoint" | "drain" | "plain" }`. */
  readonly stop: StateMachine;
  /** Restores the job. Input: `{}` to go on where it stopped, or `{ "from": "checkpoint/…" }`. */
  readonly restore: StateMachine;
}

/** Classes of errors that no repetition mends. */
const FINAL = { errors: ['UserError', 'FencedError'], maxAttempts: 0 };
/** A repetition finds what the attempt before has done. */
const RETRIES = { errors: ['States.ALL'], interval: Duration.seconds(2), backoffRate: 2, maxAttempts: 6 };
const CHECKPOINT_TIMEOUT = Duration.millis(LIMITS.checkpointExecutionMsMax);
/** A drain takes as long as what is under way. */
const STOP_TIMEOUT = Duration.hours(6);
const DRAIN_PAUSE = Duration.seconds(15);

type Fields = Readonly<Record<string, unknown>>;

/** Makes the state machines; their steps are calls of `coordinator`. */
export function createStateMachines(job: JobScope, coordinator: IFunction): StateMachines {
  const of = (id: string, timeout: Duration, begin: (steps: Steps) => IChainable): StateMachine => {
    const scope = new Construct(job.scope, id);
    const steps = new Steps(scope, coordinator);
    return createMachine(job, { scope, coordinator, timeout, begin: begin(steps) });
  };
  return {
    checkpoint: of('Checkpoint', CHECKPOINT_TIMEOUT, (steps) => checkpointOf(steps, false)),
    savepoint: of('Savepoint', CHECKPOINT_TIMEOUT, (steps) => checkpointOf(steps, true)),
    stop: of('Stop', STOP_TIMEOUT, stopOf),
    restore: of('Restore', STOP_TIMEOUT, restoreOf),
  };
}

class Steps {
  readonly scope: Construct;
  readonly #coordinator: IFunction;

  constructor(scope: Construct, coordinator: IFunction) {
    this.scope = scope;
    this.#coordinator = coordinator;
  }

  /** A call of the coordinator; what it answers is the input of the next state, or is at `resultPath`. */
  call(id: string, fields: Fields, resultPath?: string): LambdaInvoke {
    const state = new LambdaInvoke(this.scope, id, {
      lambdaFunction: this.#coordinator,
      payload: TaskInput.fromObject({ ...fields }),
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      ...(resultPath === undefined ? {} : { resultPath }),
    });
    state.addRetry(FINAL);
    state.addRetry(RETRIES);
    return state;
  }
}

function checkpointOf(steps: Steps, keep: boolean): IChainable {
  const { scope } = steps;
  const named = { run: JsonPath.stringAt('$.run'), n: JsonPath.numberAt('$.n') };
  const abort = steps.call('Abort', { step: 'abort-checkpoint', ...named });
  const failed = new Fail(scope, 'Aborted', { error: 'CheckpointAborted' });
  abort.next(failed);
  const rest = [
    steps.call('NoteBases', { step: 'note-bases', ...named }),
    steps.call('AppendEpochs', { step: 'append-epochs', ...named }),
    steps.call('Conclude', { step: 'conclude-checkpoint', ...named }),
  ] as const;
  for (const state of rest) state.addCatch(abort, { resultPath: '$.failure' });
  const [note, epochs, conclude] = rest;
  const execution = JsonPath.stringAt('$$.Execution.Id');
  const create = steps.call('Create', { step: 'create-checkpoint', execution, keep });
  const done = new Succeed(scope, 'Done');
  const decided = new Choice(scope, 'IsComplete')
    .when(Condition.stringEquals('$.kind', 'aborted'), failed)
    .otherwise(done);
  const created = new Choice(scope, 'IsCreated')
    .when(Condition.stringEquals('$.kind', 'created'), note.next(epochs).next(conclude).next(decided))
    .otherwise(done);
  return create.next(created);
}

function stopOf(steps: Steps): IChainable {
  const { scope } = steps;
  const execution = JsonPath.stringAt('$$.Execution.Id');
  const withSavepoint = steps.call('StopWithSavepoint', { step: 'stop', execution, savepoint: true });
  const plainly = steps.call('StopPlainly', { step: 'stop', execution, savepoint: false });
  const look = steps.call('Look', { step: 'look', execution });
  const wait = new Wait(scope, 'WaitForDrain', { time: WaitTime.duration(DRAIN_PAUSE) });
  const isDrained = new Choice(scope, 'IsDrained')
    .when(Condition.stringEquals('$.status', 'FINISHED'), withSavepoint)
    .when(Condition.stringEquals('$.status', 'RUNNING'), wait)
    .otherwise(new Fail(scope, 'NotDrained', { error: 'RunNotRunning' }));
  wait.next(look.next(isDrained));
  const drain = steps.call('Drain', { step: 'drain', execution });
  drain.next(wait);
  const is = (mode: string) =>
    Condition.and(Condition.isPresent('$.mode'), Condition.stringEquals('$.mode', mode));
  const unknown = new Fail(scope, 'UnknownMode', {
    error: 'UnknownMode',
    cause: 'savepoint, drain or plain',
  });
  return new Choice(scope, 'Mode')
    .when(Condition.or(Condition.isNotPresent('$.mode'), is('savepoint')), withSavepoint)
    .when(is('drain'), drain)
    .when(is('plain'), plainly)
    .otherwise(unknown);
}

function restoreOf(steps: Steps): IChainable {
  const execution = JsonPath.stringAt('$$.Execution.Id');
  const from = JsonPath.stringAt('$.from');
  const named = steps.call('RestoreFrom', { step: 'restore', execution, from });
  const last = steps.call('RestoreLast', { step: 'restore', execution });
  return new Choice(steps.scope, 'Origin').when(Condition.isPresent('$.from'), named).otherwise(last);
}

function createMachine(
  job: JobScope,
  {
    scope,
    coordinator,
    timeout,
    begin,
  }: {
    readonly scope: Construct;
    readonly coordinator: IFunction;
    readonly timeout: Duration;
    readonly begin: IChainable;
  },
): StateMachine {
  const { encryptionKey, logRetention: retention, removalPolicy } = job;
  const destination = new LogGroup(scope, 'Logs', {
    retention,
    removalPolicy,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  });
  const machine = new StateMachine(scope, 'Machine', {
    definitionBody: DefinitionBody.fromChainable(begin),
    timeout,
    tracingEnabled: true,
    logs: { destination, level: LogLevel.ALL },
  });
  acknowledgeResource(machine, {
    resource: `${coordinator.functionArn}:*`,
    reason: 'The grant of CDK covers the versions of the function too.',
  });
  acknowledgeResource(machine, { resource: '*', reason: 'The delivery of logs has no resources.' });
  return machine;
}
