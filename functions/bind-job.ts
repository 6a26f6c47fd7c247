/** Puts what a job is bound to in the place of the connectors that it was written with. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDbSink } from '../lib/connectors/dynamodb/dynamodb-sink.ts';
import { DynamoDbStreamSource } from '../lib/connectors/dynamodb/dynamodb-stream-source.ts';
import { FileSink } from '../lib/connectors/file/file-sink.ts';
import type { FileSinkSpec } from '../lib/connectors/file/file-sink-spec.ts';
import { FileSource } from '../lib/connectors/file/file-source.ts';
import { KinesisSink } from '../lib/connectors/kinesis/kinesis-sink.ts';
import { KinesisSource } from '../lib/connectors/kinesis/kinesis-source.ts';
import { S3FileSink } from '../lib/connectors/s3/s3-file-sink.ts';
import { S3FileSource } from '../lib/connectors/s3/s3-file-source.ts';
import { SqsSink } from '../lib/connectors/sqs/sqs-sink.ts';
import type { Sink, Source } from '../lib/core/connector.ts';
import type { BindingData } from '../lib/core/deployment.ts';
import { UserError } from '../lib/core/errors.ts';
import type { StreamGraph, StreamNode } from '../lib/graph/stream-graph.ts';
import { boundClients } from './bound-clients.ts';

type Bindings = Readonly<Record<string, BindingData>>;

/**
 * The graph with bound sources and sinks. Decoding and encoding stay those of the job: a record that a stream
 * delivers is decoded as a line of the files that the job names.
 *
 * Throws UserError BINDING_INVALID if a connector cannot be replaced by what it is bound to.
 */
export function bindGraph(graph: StreamGraph, bindings: Bindings): StreamGraph {
  return { ...graph, nodes: graph.nodes.map((node) => bindNode(node, bindingOf(node, bindings))) };
}

/** By uid, or by name if it has none. */
export function bindingOf({ uid, name }: StreamNode, bindings: Bindings): BindingData | undefined {
  return bindings[uid ?? name];
}

function bindNode(node: StreamNode, binding: BindingData | undefined): StreamNode {
  const { spec } = node;
  if (binding === undefined) return node;
  if (spec.kind === 'source') {
    return { ...node, spec: { ...spec, source: bindSource(node, spec.source, binding) } };
  }
  if (spec.kind === 'sink') return { ...node, spec: { ...spec, sink: bindSink(node, spec.sink, binding) } };
  return node;
}

function bindSource({ name }: StreamNode, source: Source<unknown>, binding: BindingData): Source<unknown> {
  switch (binding.kind) {
    case 'kinesis-source':
      return new KinesisSource(source, binding.stream);
    case 'dynamodb-source':
      return new DynamoDbStreamSource(source, binding.arn);
    case 's3-source':
      if (source instanceof FileSource) {
        return new S3FileSource(source.spec, { ...binding, folder: copiesFolder(), client: boundClients.s3 });
      }
      throw invalid(
        name,
        `Source '${name}' is a ${source.connector} source: only a FileSource reads objects`,
      );
    default:
      throw invalid(
        name,
        `Source '${name}' is bound to ${binding.kind}, which is no source: take one of Sources`,
      );
  }
}

/** Of this environment alone, and the same for all its processes. */
function copiesFolder(): string {
  const environment = process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? `process-${process.pid}`;
  return join(tmpdir(), 'millrace-objects', environment.replaceAll(/[^\w-]/g, '_'));
}

function bindSink({ name }: StreamNode, sink: Sink<unknown>, binding: BindingData): Sink<unknown> {
  if (!(sink instanceof FileSink)) {
    throw invalid(
      name,
      `Sink '${name}' is a ${sink.connector} sink and is bound to ${binding.kind}: only what a FileSink ` +
        'writes can go elsewhere',
    );
  }
  const bound = boundSink(sink.spec, binding);
  if (bound !== undefined) return bound;
  throw invalid(
    name,
    `Sink '${name}' is bound to ${binding.kind}, which takes no records: take one of Sinks`,
  );
}

function boundSink(spec: FileSinkSpec<unknown>, binding: BindingData): Sink<unknown> | undefined {
  switch (binding.kind) {
    case 's3-sink':
      return new S3FileSink(spec, { ...binding, client: boundClients.s3 });
    case 'kinesis-sink':
      return new KinesisSink(spec, { ...binding, client: boundClients.kinesis });
    case 'dynamodb-sink':
      return new DynamoDbSink(spec, { ...binding, client: boundClients.dynamoDb });
    case 'sqs-sink':
      return new SqsSink(spec, { ...binding, client: boundClients.sqs });
    default:
      return undefined;
  }
}

function invalid(operatorUid: string, what: string): UserError {
  return new UserError('BINDING_INVALID', `${what}.`, { context: { operatorUid } });
}
