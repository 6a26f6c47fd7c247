import type { Sink, Source } from '../lib/core/connector.ts';
import type { StreamGraph } from '../lib/graph/stream-graph.ts';
import type { Binding } from './bindings.ts';

const CSV = ['csv-parse', 'csv-stringify'];
const PARQUET = ['fzstd', 'hyparquet', 'hyparquet-compressors', 'hyparquet-writer', 'hysnappy'];

type Connector = Pick<Source<unknown> | Sink<unknown>, 'connector' | 'description'>;

/** Packages of formats and bindings that a job has none of: its bundle does without them. */
export function unusedPackages(
  { nodes }: StreamGraph,
  bindings: Readonly<Record<string, Pick<Binding, 'kind'>>>,
): readonly string[] {
  const kinds = new Set(Object.values(bindings).map(({ kind }) => kind));
  const connectors = nodes.flatMap(({ spec }): readonly Connector[] => {
    if (spec.kind === 'source') return [spec.source];
    return spec.kind === 'sink' ? [spec.sink] : [];
  });
  return [
    ...(connectors.every(isFileOf('ndjson', 'parquet')) ? CSV : []),
    ...(connectors.every(isFileOf('ndjson', 'csv')) ? PARQUET : []),
    ...(kinds.has('kinesis-source') ? [] : ['aws-kinesis-agg']),
    ...(kinds.has('dynamodb-source') ? [] : ['@aws-sdk/client-dynamodb-streams', '@aws-sdk/util-dynamodb']),
    ...(kinds.has('sqs-sink') ? [] : ['@aws-sdk/client-sqs']),
  ];
}

/** By its description, which begins with the format: the job may come from another module loader. */
function isFileOf(...formats: readonly string[]): (connector: Connector) => boolean {
  return ({ connector, description }) =>
    connector === 'file' && formats.some((format) => description.startsWith(`${format} `));
}
