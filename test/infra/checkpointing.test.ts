import { Duration, Lazy } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import type { StreamJobProps } from '../../infra/index.ts';
import { addCounts, countsTemplate, createStack, resourcesOf } from './job-stack.ts';

type Props = Partial<StreamJobProps>;

/** What is in MILLRACE_DEPLOYMENT of the functions of a job beside their other settings, by function. */
function settingsOf(props: Props): Readonly<Record<string, unknown>> {
  const functions = resourcesOf(countsTemplate(props), 'AWS::Lambda::Function');
  const found = functions.flatMap(({ id, Properties }) => {
    const settings = /\\"checkpoints\\":(\{[^}]*\})/.exec(JSON.stringify(Properties))?.[1];
    const name = /^Counts(.*)Function/.exec(id)?.[1] ?? id;
    return settings === undefined ? [] : [[name, JSON.parse(settings.replaceAll('\\', ''))]];
  });
  return Object.fromEntries(found);
}

describe('props of checkpoints', () => {
  it('are_told_to_coordinator_sweeper_and_run_resource_and_to_nobody_else', () => {
    const settings = { timeoutMs: 90_000, minPauseMs: 600_000, retained: 7 };
    const props = {
      checkpointTimeout: Duration.seconds(90),
      minPauseBetweenCheckpoints: Duration.minutes(10),
      retainedCheckpoints: 7,
    };
    expect(settingsOf(props)).toEqual({
      ...{ Coordinator: settings, Sweeper: settings, RunResource: settings },
    });
    expect(settingsOf({})).toEqual({ Coordinator: {}, Sweeper: {}, RunResource: {} });
  });
});

describe('refused at synthesis with the path of the construct', () => {
  const token = Lazy.number({ produce: () => 5 });
  it.each<readonly [string, Props]>([
    ['retainedCheckpoints is 0; it is a whole number from 1 to 100', { retainedCheckpoints: 0 }],
    ['retainedCheckpoints is -1; it is', { retainedCheckpoints: -1 }],
    ['retainedCheckpoints is 1.5; it is', { retainedCheckpoints: 1.5 }],
    ['retainedCheckpoints is 101; it is', { retainedCheckpoints: 101 }],
    [
      'retainedCheckpoints is a token, which is not known at synthesis; it is',
      { retainedCheckpoints: token },
    ],
    ['checkpointTimeout is 0', { checkpointTimeout: Duration.seconds(0) }],
    [
      'checkpointTimeout is 1 second 500 millis; it is whole seconds',
      { checkpointTimeout: Duration.millis(1500) },
    ],
    [
      'checkpointTimeout is 1 hour 1 second; it is whole seconds, at least one, and at most 1 hour, the time',
      { checkpointTimeout: Duration.seconds(3601) },
    ],
    ['checkpointTimeout is a token, which is not known', { checkpointTimeout: Duration.seconds(token) }],
    [
      'minPauseBetweenCheckpoints is 10 minutes 1 second; it is whole seconds, at most the ' +
        'checkpointInterval, 10 minutes',
      { minPauseBetweenCheckpoints: Duration.seconds(601) },
    ],
    [
      'minPauseBetweenCheckpoints is 3 minutes; it is whole seconds, at most the ' +
        'checkpointInterval, 2 minutes',
      { minPauseBetweenCheckpoints: Duration.minutes(3), checkpointInterval: Duration.minutes(2) },
    ],
    ['minPauseBetweenCheckpoints is 500 millis', { minPauseBetweenCheckpoints: Duration.millis(500) }],
    ['minPauseBetweenCheckpoints is a token', { minPauseBetweenCheckpoints: Duration.seconds(token) }],
    ['checkpointInterval is 1 minute 30 seconds; it is whole', { checkpointInterval: Duration.seconds(90) }],
    ['checkpointInterval is a token, which is not known', { checkpointInterval: Duration.minutes(token) }],
  ])('%s', (message, props) => {
    expect(() => addCounts(createStack(), props)).toThrow(`Test/Counts: ${message}`);
  });
});
