import { assertNever, UserError } from '../../core/errors.ts';
import { keyGroupOf } from '../../core/key.ts';
import { operatorIndexForKeyGroup } from '../../core/key-groups.ts';
import type { ResolvedPartitioner } from '../../graph/partitioner.ts';
import type { Random } from '../../ports/random.ts';

/** Index of the channel that takes a record; ALL_CHANNELS for every one. */
export type ChannelSelector = (value: unknown) => number;

/** The record goes to every channel. */
export const ALL_CHANNELS = -1;

/** What a selector needs to know about its edge. */
export interface ChannelSelectorOptions {
  readonly partitioner: ResolvedPartitioner;
  readonly channels: number;
  /** Index of the upstream subtask: round robins of different subtasks start at different channels. */
  readonly subtask: number;
  /** Of the downstream operator. */
  readonly maxParallelism: number;
  readonly operatorName: string;
  readonly random: Random;
}

/** The routing rule of an edge between subtasks. */
export function createChannelSelector(options: ChannelSelectorOptions): ChannelSelector {
  const { partitioner, channels } = options;
  switch (partitioner.kind) {
    case 'hash':
      return hashSelector(partitioner.keySelector, options);
    case 'custom':
      return customSelector(partitioner, options);
    case 'rebalance':
    case 'rescale':
      return roundRobin(options);
    case 'shuffle':
      return () => Math.floor(options.random.next() * channels);
    case 'broadcast':
      return () => ALL_CHANNELS;
    case 'forward':
    case 'global':
      return () => 0;
    default:
      return assertNever(partitioner);
  }
}

function hashSelector(
  keySelector: (value: unknown) => unknown,
  options: ChannelSelectorOptions,
): ChannelSelector {
  const { channels, maxParallelism } = options;
  const channelOfGroup = Int32Array.from({ length: maxParallelism }, (_, group) =>
    operatorIndexForKeyGroup(maxParallelism, channels, group),
  );
  return (value) => channelOfGroup[keyGroupOf(keySelector(value), maxParallelism)] ?? 0;
}

function roundRobin({ channels, subtask }: ChannelSelectorOptions): ChannelSelector {
  let next = subtask % channels;
  return () => {
    const chosen = next;
    next = next + 1 === channels ? 0 : next + 1;
    return chosen;
  };
}

function customSelector(
  custom: Extract<ResolvedPartitioner, { kind: 'custom' }>,
  { channels, operatorName }: ChannelSelectorOptions,
): ChannelSelector {
  return (value) => {
    const chosen = custom.partitioner(custom.keySelector(value), channels);
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < channels) return chosen;
    throw new UserError(
      'FUNCTION_INVALID',
      `The partitioner in front of '${operatorName}' returned ${chosen}; ` +
        `return a whole number from 0 to ${channels - 1}.`,
    );
  };
}
