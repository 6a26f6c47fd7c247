import type { ChannelGroup, ExecutionGraph, Subtask } from './execution-graph.ts';
import { edgeLabel, type PlanArrow, type PlanView } from './plan-view.ts';
import { edgeData } from './print-job-graph.ts';

const TIME_ONLY = ' (time only)';

/** One row and one box per subtask with its key groups and channels. */
export function viewOfExecutionGraph(graph: ExecutionGraph): PlanView {
  const { vertices, channels } = graph;
  const subtasks = vertices.flatMap((vertex) => vertex.subtasks);
  const counts = `${subtasks.length} subtasks, ${channels.length} channels`;
  return {
    title: `Job '${graph.jobName}': execution graph, ${counts}`,
    tables: [
      { columns: ['subtask', 'key groups', 'inputs'], rows: subtasks.map(rowOf) },
      {
        columns: ['vertex', 'parallelism', 'max', 'chain'],
        rows: vertices.map(({ vertex }) => [
          vertex.id,
          String(vertex.parallelism),
          String(vertex.maxParallelism),
          vertex.name,
        ]),
      },
    ],
    boxes: vertices.flatMap(({ vertex, subtasks: own }, number) =>
      own.map((subtask) => ({
        id: `v${number}_${subtask.index}`,
        lines: [vertex.name, subtask.id, `key groups ${rangeText(subtask.keyGroups)}`],
      })),
    ),
    arrows: arrowsOf(graph),
    data: dataOf(graph),
  };
}

function rowOf(subtask: Subtask): readonly string[] {
  const inputs = subtask.inputs.map((group) => {
    const from = ranges(group.channels.map((channel) => channel.sourceSubtask));
    const label = edgeLabel(edgeData(group.edge));
    return `${group.edge.sourceVertexId}[${from}] ${label}${isSilent(group) ? TIME_ONLY : ''}`;
  });
  return [subtask.id, rangeText(subtask.keyGroups), inputs.join(', ') || '-'];
}

function isSilent(group: ChannelGroup): boolean {
  return group.channels.length > 0 && group.channels.every((channel) => !channel.carriesRecords);
}

function arrowsOf(graph: ExecutionGraph): readonly PlanArrow[] {
  const numbers = new Map(graph.vertices.map(({ vertex }, number) => [vertex.id, number]));
  const subtasks = graph.vertices.flatMap((vertex) => vertex.subtasks);
  return subtasks.flatMap((subtask) =>
    subtask.inputs.flatMap((group) =>
      group.channels.map((channel) => ({
        from: `v${numbers.get(channel.sourceVertexId)}_${channel.sourceSubtask}`,
        to: `v${numbers.get(channel.targetVertexId)}_${channel.targetSubtask}`,
        label: `${edgeLabel(edgeData(group.edge))}${channel.carriesRecords ? '' : TIME_ONLY}`,
      })),
    ),
  );
}

function dataOf(graph: ExecutionGraph): object {
  return {
    level: 'execution',
    jobName: graph.jobName,
    vertices: graph.vertices.map(({ vertex, subtasks }) => ({
      id: vertex.id,
      name: vertex.name,
      parallelism: vertex.parallelism,
      maxParallelism: vertex.maxParallelism,
      subtasks: subtasks.map((subtask) => ({
        id: subtask.id,
        index: subtask.index,
        keyGroups: subtask.keyGroups,
        inputs: subtask.inputs.map((group) => ({
          edgeId: group.edge.id,
          inputIndex: group.edge.inputIndex,
          partitioner: group.edge.partitioner.kind,
          channels: group.channels.map((channel) => ({
            id: channel.id,
            sourceVertexId: channel.sourceVertexId,
            sourceSubtask: channel.sourceSubtask,
            carriesRecords: channel.carriesRecords,
          })),
        })),
      })),
    })),
  };
}

function rangeText([start, end]: readonly [number, number]): string {
  return start === end ? String(start) : `${start}..${end}`;
}

/** Ascending, gapless indexes as a range: the sources of a subtask's channels always are. */
function ranges(indexes: readonly number[]): string {
  return rangeText([indexes[0] ?? 0, indexes.at(-1) ?? 0]);
}
