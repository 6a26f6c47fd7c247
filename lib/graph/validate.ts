/**
 * What a StreamGraph must fulfil before anything runs. Every problem is found in one pass, so that the user
 * mends them in one go.
 */
import { type ErrorCode, type ErrorContext, UserError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { canEmitSideOutput, traitsOf } from './operator-traits.ts';
import type { StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts';

interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly node: StreamNode | undefined;
}

/**
 * Refuses a graph that cannot run, naming each operator and the line of user code that made it.
 *
 * Throws UserError with a line per problem and the code of the first: PARALLELISM_INVALID, UID_MISSING,
 * UID_DUPLICATE, FORWARD_PARALLELISM, SIDE_OUTPUT_UNKNOWN, JOB_WITHOUT_SINK.
 */
export function validateStreamGraph(graph: StreamGraph): void {
  const problems = [
    ...jobParallelismProblems(graph),
    ...graph.nodes.flatMap((node) => parallelismProblems(graph, node)),
    ...graph.nodes.flatMap(uidMissingProblems),
    ...uidDuplicateProblems(graph),
    ...edgeProblems(graph),
    ...sinkProblems(graph),
  ];
  const first = problems[0];
  if (first === undefined) return;
  const lines = problems.map((problem) => `- ${problem.message}`);
  const all = [`Job '${graph.jobName}' has ${problems.length} problems:`, ...lines].join('\n');
  const message = problems.length === 1 ? first.message : all;
  throw new UserError(first.code, message, { context: contextOf(graph, first.node) });
}

function contextOf(graph: StreamGraph, node: StreamNode | undefined): ErrorContext {
  return {
    jobName: graph.jobName,
    ...(node === undefined ? {} : { operatorName: node.name, location: node.location }),
    ...(node?.uid === undefined ? {} : { operatorUid: node.uid }),
  };
}

function named(node: StreamNode): string {
  const uid = node.uid === undefined || node.uid === node.name ? '' : `uid '${node.uid}', `;
  return `'${node.name}' (${traitsOf(node.spec).label}, ${uid}${node.location})`;
}

function jobParallelismProblems(graph: StreamGraph): readonly Problem[] {
  if (graph.maxParallelism === undefined || isCount(graph.maxParallelism)) return [];
  const message = `The job's max parallelism is ${graph.maxParallelism}; ${COUNT_RULE}.`;
  return [{ code: 'PARALLELISM_INVALID', message, node: undefined }];
}

function parallelismProblems(graph: StreamGraph, node: StreamNode): readonly Problem[] {
  const { parallelism, maxParallelism, spec } = node;
  const problem = (text: string): Problem => ({
    code: 'PARALLELISM_INVALID',
    message: `Operator ${named(node)} has ${text}.`,
    node,
  });
  if (!isCount(parallelism)) return [problem(`parallelism ${parallelism}; ${COUNT_RULE}`)];
  if (maxParallelism !== undefined && !isCount(maxParallelism)) {
    return [problem(`max parallelism ${maxParallelism}; ${COUNT_RULE}`)];
  }
  if (spec.kind === 'window' && spec.allWindows && parallelism !== 1) {
    return [problem(`parallelism ${parallelism}, but windowAll sees all records in one place; set it to 1`)];
  }
  const most = maxParallelism ?? graph.maxParallelism;
  if (most !== undefined && isCount(most) && parallelism > most) {
    const mend = 'lower the one or raise the other';
    return [problem(`parallelism ${parallelism} above its max parallelism ${most}; ${mend}`)];
  }
  const sourceMost = spec.kind === 'source' ? spec.source.maxParallelism : undefined;
  if (sourceMost !== undefined && parallelism > sourceMost) {
    const mend = `call .setParallelism(${sourceMost}) on it`;
    return [problem(`parallelism ${parallelism}, but its source can use at most ${sourceMost}; ${mend}`)];
  }
  return [];
}

const COUNT_RULE = `set a whole number from 1 to ${LIMITS.parallelismMax}`;

function isCount(n: number): boolean {
  return Number.isInteger(n) && n >= 1 && n <= LIMITS.parallelismMax;
}

function uidMissingProblems(node: StreamNode): readonly Problem[] {
  if (!traitsOf(node.spec).stateful || (node.uid !== undefined && node.uid !== '')) return [];
  const message =
    `Operator ${named(node)} keeps state but has no uid; call .uid('…') on it with a name of its own, ` +
    'by which its state is found again after a change of the job.';
  return [{ code: 'UID_MISSING', message, node }];
}

function uidDuplicateProblems(graph: StreamGraph): readonly Problem[] {
  const first = new Map<string, StreamNode>();
  const problems: Problem[] = [];
  for (const node of graph.nodes) {
    if (node.uid === undefined || node.uid === '') continue;
    const other = first.get(node.uid);
    if (other === undefined) {
      first.set(node.uid, node);
      continue;
    }
    const both = `${named(other)} and ${named(node)}`;
    const message = `Operators ${both} have the same uid '${node.uid}'; give each a uid of its own.`;
    problems.push({ code: 'UID_DUPLICATE', message, node });
  }
  return problems;
}

function edgeProblems(graph: StreamGraph): readonly Problem[] {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  return graph.nodes.flatMap((target) =>
    target.inputs.flatMap((edge) => {
      const source = byId.get(edge.sourceId);
      if (source === undefined) return [];
      return [...forwardProblems({ edge, source, target }), ...sideOutputProblems({ edge, source, target })];
    }),
  );
}

interface Connection {
  readonly edge: StreamEdge;
  readonly source: StreamNode;
  readonly target: StreamNode;
}

function forwardProblems({ edge, source, target }: Connection): readonly Problem[] {
  if (edge.partitioner.kind !== 'forward' || source.parallelism === target.parallelism) return [];
  const message =
    `Operator ${named(target)} with parallelism ${target.parallelism} reads ${named(source)} with ` +
    `parallelism ${source.parallelism} through forward(), which needs equal parallelism; ` +
    'make them equal or use rebalance() or rescale().';
  return [{ code: 'FORWARD_PARALLELISM', message, node: target }];
}

function sideOutputProblems({ edge, source, target }: Connection): readonly Problem[] {
  const tagId = edge.sideOutputId;
  if (tagId === undefined || canEmitSideOutput(source.spec, tagId)) return [];
  const what = `the side output '${tagId}' of ${named(source)}`;
  const message = `Operator ${named(target)} reads ${what}, but ${reason(source)}.`;
  return [{ code: 'SIDE_OUTPUT_UNKNOWN', message, node: target }];
}

function reason(source: StreamNode): string {
  const { spec } = source;
  if (spec.kind !== 'window') {
    const { label } = traitsOf(spec);
    return `${label} has no side outputs; call getSideOutput on the operator that emits to the tag`;
  }
  const other = 'or emit to it from a window function';
  return spec.lateTagId === undefined
    ? `nothing is emitted there; name the tag in sideOutputLateData, ${other}`
    : `only its late records have one, '${spec.lateTagId}'; name the tag in sideOutputLateData, ${other}`;
}

function sinkProblems(graph: StreamGraph): readonly Problem[] {
  if (graph.nodes.some((node) => node.spec.kind === 'sink')) return [];
  const read = new Set(graph.nodes.flatMap((node) => node.inputs.map((edge) => edge.sourceId)));
  const end = graph.nodes.findLast((node) => !read.has(node.id));
  const problem =
    end === undefined
      ? 'is empty: it has no source and no sink; begin with env.fromSource(…) and end'
      : `has no sink: nothing reads the result of ${named(end)}; end the stream`;
  const message = `Job '${graph.jobName}' ${problem} with .sinkTo(…) or .print().`;
  return [{ code: 'JOB_WITHOUT_SINK', message, node: end }];
}
