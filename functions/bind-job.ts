/** Puts what a job is bound to in the place of the connectors that it was written with. */
import { FileSink } from '../lib/connectors/file/file-sink.ts';
import { S3FileSink } from '../lib/connectors/s3/s3-file-sink.ts';
import type { Sink } from '../lib/core/connector.ts';
import type { BindingData } from '../lib/core/deployment.ts';
import { UserError } from '../lib/core/errors.ts';
import type { StreamGraph, StreamNode } from '../lib/graph/stream-graph.ts';

type Bindings = Readonly<Record<string, BindingData>>;

/**
 * The graph with bound sinks. Sources stay as they are: a record that a stream delivers is decoded as a line
 * of the files that the job names.
 *
 * Throws UserError BINDING_INVALID if a connector cannot be replaced by what it is bound to.
 */
export function bindGraph(graph: StreamGraph, bindings: Bindings): StreamGraph {
  return { ...graph, nodes: graph.nodes.map((node) => bindNode(node, bindingOf(node, bindings))) };
}

/** By uid, or by name if it has none. */
export function bindingOf({ uid, name }: StreamNode, bindings: Bindings): BindingData | undefined {
  return bindings[uid ?? name] ?? bindings[name];
}

function bindNode(node: StreamNode, binding: BindingData | undefined): StreamNode {
  const { spec } = node;
  if (binding === undefined || spec.kind !== 'sink') return node;
  return { ...node, spec: { ...spec, sink: bindSink(node, spec.sink, binding) } };
}

function bindSink({ name }: StreamNode, sink: Sink<unknown>, binding: BindingData): Sink<unknown> {
  if (binding.kind === 's3-sink' && sink instanceof FileSink) return new S3FileSink(sink.spec, binding);
  throw new UserError(
    'BINDING_INVALID',
    `Sink '${name}' is a ${sink.connector} sink and is bound to ${binding.kind}: bind a FileSink to ` +
      'Sinks.s3, which writes its files as objects.',
    { context: { operatorUid: name } },
  );
}
