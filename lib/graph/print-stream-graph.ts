import { detailsText } from './operator-details.ts';
import { edgeLabel, type PlanView } from './plan-view.ts';
import type { StreamGraph } from './stream-graph.ts';
import { type NodeStructure, structureOf } from './structure.ts';

/** One row and one box per operator, as the user wrote them. */
export function viewOfStreamGraph(graph: StreamGraph): PlanView {
  const structure = structureOf(graph);
  const { nodes } = structure;
  return {
    title: `Job '${graph.jobName}': stream graph, ${nodes.length} operators`,
    tables: [
      {
        columns: ['id', 'operator', 'kind', 'uid', 'parallelism', 'inputs', 'details'],
        rows: nodes.map(rowOf),
      },
    ],
    boxes: nodes.map((node) => ({ id: `n${node.id}`, lines: linesOf(node) })),
    arrows: nodes.flatMap((node) =>
      node.inputs.map((edge) => ({ from: `n${edge.sourceId}`, to: `n${node.id}`, label: edgeLabel(edge) })),
    ),
    data: { level: 'stream', ...structure },
  };
}

function rowOf(node: NodeStructure): readonly string[] {
  const inputs = node.inputs.map((edge) => `${edge.sourceId} ${edgeLabel(edge)}`);
  return [
    String(node.id),
    node.name,
    node.kind,
    node.uid ?? '-',
    String(node.parallelism),
    inputs.join(', ') || '-',
    detailsText(node.details),
  ];
}

function linesOf(node: NodeStructure): readonly string[] {
  const uid = node.uid === null ? '' : `uid ${node.uid}, `;
  const details = detailsText(node.details);
  return [node.name, `${uid}parallelism ${node.parallelism}`, ...(details === '' ? [] : [details])];
}
