/** Switches what feeds the task functions of a job. */
import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  ResourceConflictException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { callAws } from '../../core/aws-failure.ts';
import { RetryableError, UserError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';

export interface MappingPorts {
  readonly lambda: LambdaClient;
  readonly clock: Clock;
}

/**
 * Enables or disables mappings; one that is gone is disabled.
 *
 * Throws RetryableError IO_FAILED if one is being changed all the time, UserError AWS_RESOURCE_MISSING if one
 * that is to be enabled is gone.
 */
export async function switchMappings(
  ports: MappingPorts,
  ids: readonly string[],
  enabled: boolean,
): Promise<void> {
  for (const id of ids) {
    try {
      await switchMapping(ports, id, enabled);
    } catch (error) {
      const gone = error instanceof UserError && error.code === 'AWS_RESOURCE_MISSING';
      if (enabled || !gone) throw error;
    }
  }
}

async function switchMapping({ lambda, clock }: MappingPorts, UUID: string, Enabled: boolean): Promise<void> {
  for (let attempt = 0; attempt < LIMITS.mappingSwitchesMax; attempt++) {
    const { State = '' } = await callAws(`The look at mapping ${UUID}`, () =>
      lambda.send(new GetEventSourceMappingCommand({ UUID })),
    );
    if (State === (Enabled ? 'Enabled' : 'Disabled')) return;
    const done = await callAws(`The switch of mapping ${UUID}`, () => trySwitch(lambda, { UUID, Enabled }));
    if (done) return;
    await clock.sleep(LIMITS.mappingPauseMs);
  }
  throw new RetryableError('IO_FAILED', `Mapping ${UUID} is being changed all the time; try again.`);
}

/** False while an earlier change of the mapping is under way. */
async function trySwitch(
  lambda: LambdaClient,
  change: { readonly UUID: string; readonly Enabled: boolean },
): Promise<boolean> {
  try {
    await lambda.send(new UpdateEventSourceMappingCommand(change));
    return true;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (error instanceof ResourceConflictException || name === 'ResourceInUseException') return false;
    throw error;
  }
}
