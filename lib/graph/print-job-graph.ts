import { type JobEdge, type JobGraph, type JobVertex, nodesOf } from './job-graph.ts';
import { detailsOf, detailsText } from './operator-details.ts';
import { edgeLabel, type PlanView } from './plan-view.ts';
import type { StreamNode } from './stream-graph.ts';

/** One row and one box per vertex, then the operators of each. */
export function viewOfJobGraph(graph: JobGraph): PlanView {
  const { vertices, edges } = graph;
  const boxIds = new Map(vertices.map((vertex, index) => [vertex.id, `v${index}`]));
  return {
    title: `Job '${graph.jobName}': job graph, ${vertices.length} vertices, ${edges.length} edges`,
    tables: [
      {
        columns: ['vertex', 'parallelism', 'max', 'inputs', 'chain'],
        rows: vertices.map(rowOf),
      },
      {
        columns: ['vertex', 'stage', 'id', 'operator', 'kind', 'uid', 'details'],
        rows: vertices.flatMap(operatorRowsOf),
      },
    ],
    boxes: [...boxIds.values()].map((id, index) => ({ id, lines: linesOf(vertices[index]!) })),
    arrows: edges.map((edge) => ({
      from: boxIds.get(edge.sourceVertexId) ?? '',
      to: boxIds.get(edge.targetVertexId) ?? '',
      label: edgeLabel(edgeData(edge)),
    })),
    data: dataOf(graph),
  };
}

/** An edge as plain data. */
export function edgeData(edge: JobEdge) {
  return {
    id: edge.id,
    sourceVertexId: edge.sourceVertexId,
    sourceNodeId: edge.sourceNodeId,
    targetVertexId: edge.targetVertexId,
    targetNodeId: edge.targetNodeId,
    inputIndex: edge.inputIndex,
    partitioner: edge.partitioner.kind,
    sideOutputId: edge.sideOutputId ?? null,
  };
}

function rowOf(vertex: JobVertex): readonly string[] {
  const inputs = vertex.inputs.map((edge) => `${edge.sourceVertexId} ${edgeLabel(edgeData(edge))}`);
  return [
    vertex.id,
    String(vertex.parallelism),
    String(vertex.maxParallelism),
    inputs.join(', ') || '-',
    vertex.name,
  ];
}

function operatorRowsOf(vertex: JobVertex): readonly (readonly string[])[] {
  return vertex.stages.flatMap((stage, index) =>
    stage.nodes.map((node) => [
      vertex.id,
      String(index),
      String(node.id),
      node.name,
      node.spec.kind,
      node.uid ?? '-',
      detailsText(detailsOf(node.spec)),
    ]),
  );
}

function linesOf(vertex: JobVertex): readonly string[] {
  const uids = nodesOf(vertex).flatMap((node) => (node.uid === undefined ? [] : [node.uid]));
  return [
    vertex.name,
    ...(uids.length === 0 ? [] : [`uid ${uids.join(', ')}`]),
    `parallelism ${vertex.parallelism}`,
  ];
}

function dataOf(graph: JobGraph): object {
  return {
    level: 'job',
    jobName: graph.jobName,
    onError: graph.onError,
    vertices: graph.vertices.map((vertex) => ({
      id: vertex.id,
      name: vertex.name,
      parallelism: vertex.parallelism,
      maxParallelism: vertex.maxParallelism,
      stages: vertex.stages.map((stage) => ({ operators: stage.nodes.map(operatorData) })),
      chainedEdges: vertex.chainedEdges.map((edge) => ({ ...edge, sideOutputId: edge.sideOutputId ?? null })),
    })),
    edges: graph.edges.map(edgeData),
  };
}

function operatorData(node: StreamNode): object {
  return {
    id: node.id,
    kind: node.spec.kind,
    name: node.name,
    uid: node.uid ?? null,
    details: detailsOf(node.spec),
  };
}
