/** The project that `millrace init` writes: the texts of its files by name. */
export interface ProjectOptions {
  /** Name of the package. */
  readonly name: string;
  /** What the dependency on Millrace says, a version range or a `file:` path. */
  readonly millrace: string;
  /** Version range of Node to install with the project; undefined to use the machine's. */
  readonly node: string | undefined;
  /** Versions of what deploys the project. */
  readonly cdk: CdkVersions;
}

export interface CdkVersions {
  readonly cli: string;
  readonly library: string;
  readonly constructs: string;
}

export function projectFiles(options: ProjectOptions): Readonly<Record<string, string>> {
  return {
    'package.json': packageJson(options),
    'job.ts': JOB,
    'job.test.ts': JOB_TEST,
    'data/visits.ndjson': visits(),
    'deploy.ts': DEPLOY,
    'cdk.json': cdkJson(options),
    '.github/workflows/ci.yml': CI,
    'tsconfig.json': TSCONFIG,
    '.gitignore': 'node_modules\nout\n.millrace\ncdk.out\n',
    'README.md': readme(options.name),
  };
}

function packageJson({ name, millrace, node, cdk }: ProjectOptions): string {
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    engines: { node: '>=24' },
    scripts: {
      start: 'millrace run job.ts --fresh --yes --overwrite',
      plan: 'millrace plan job.ts',
      test: 'node --test',
      deploy: 'cdk deploy',
    },
    dependencies: { millrace },
    devDependencies: {
      'aws-cdk': cdk.cli,
      'aws-cdk-lib': cdk.library,
      constructs: cdk.constructs,
      ...(node === undefined ? {} : { node }),
    },
    // The package brings its Node by an install script, which npm runs only for packages named here.
    ...(node === undefined ? {} : { allowScripts: { node: true } }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const JOB = `import {
  type DataStream,
  defineJob,
  FileSink,
  FileSource,
  seconds,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from 'millrace';

/** Somebody looked at a page. */
export interface Visit {
  readonly page: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** How often a page was looked at within ten seconds. */
export interface PageCount {
  readonly page: string;
  readonly windowEnd: string;
  readonly visits: number;
}

/** Counts the visits of each page in windows of ten seconds of event time. */
export function countVisits(visits: DataStream<Visit>): DataStream<PageCount> {
  return visits
    .assignTimestampsAndWatermarks(
      // A visit may come up to two seconds after a younger one.
      WatermarkStrategy.forBoundedOutOfOrderness(seconds(2), { timestamp: (visit) => visit.time }),
    )
    .keyBy((visit) => visit.page)
    .window(TumblingEventTimeWindows.of(seconds(10)))
    .aggregate(
      {
        createAccumulator: () => 0,
        add: (count) => count + 1,
        merge: (a, b) => a + b,
        getResult: (count) => count,
      },
      ({ key, window, value, out }) =>
        out.collect({ page: key, windowEnd: new Date(window.end).toISOString(), visits: value }),
    )
    .uid('visits-per-page');
}

export default defineJob('page-visits', (env) => {
  // Some visits that came before are in this file; on AWS they come from a stream: see deploy.ts.
  const source = FileSource.ndjson<Visit>('data/visits.ndjson');
  const visits = env.fromSource(source, WatermarkStrategy.noWatermarks(), 'visits');
  countVisits(visits).sinkTo(FileSink.ndjson('out/page-visits')).uid('page-visits');
});
`;

const PAGES = ['/', '/docs', '/pricing'];

/** One visit a second for half a minute. */
function visits(): string {
  const start = Date.UTC(2026, 0, 1);
  const lines = Array.from({ length: 30 }, (_, i) => ({ page: PAGES[i % 4] ?? '/', time: start + i * 1000 }));
  return lines.map((visit) => `${JSON.stringify(visit)}\n`).join('');
}

const DEPLOY = `import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Stream, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Sinks, Sources, StreamJob } from 'millrace/cdk';

const stack = new Stack(new App(), 'PageVisits');
const visits = new Stream(stack, 'Visits', { streamMode: StreamMode.PROVISIONED, shardCount: 1 });
const results = new Bucket(stack, 'Results');

new StreamJob(stack, 'Job', {
  entry: 'job.ts',
  bindings: {
    visits: Sources.kinesis(visits),
    'page-visits': Sinks.s3(results, 'page-visits/'),
  },
});

new CfnOutput(stack, 'VisitsStream', { value: visits.streamName });
new CfnOutput(stack, 'ResultsBucket', { value: results.bucketName });
`;

function cdkJson({ node }: ProjectOptions): string {
  const app = node === undefined ? 'node deploy.ts' : 'npx --no-install node deploy.ts';
  return `${JSON.stringify({ app }, null, 2)}\n`;
}

const CI = `name: CI
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      - run: npm install
      - run: npm test
      - run: npx cdk synth --quiet
`;

const JOB_TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamExecutionEnvironment } from 'millrace';
import { countVisits } from './job.ts';

test('visits of a page within ten seconds are counted together', async () => {
  const env = StreamExecutionEnvironment.create();
  const visits = env.fromData([
    { page: '/docs', time: 1_000 },
    { page: '/', time: 2_000 },
    { page: '/docs', time: 12_000 },
    { page: '/docs', time: 11_000 },
    { page: '/docs', time: 9_999 },
  ]);

  const counts = await countVisits(visits).executeAndCollect();

  const rows = counts.map((row) => \`\${row.windowEnd.slice(14, 19)} \${row.page} \${row.visits}\`);
  assert.deepEqual(rows.sort(), ['00:10 / 1', '00:10 /docs 2', '00:20 /docs 2']);
});
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true,
    "allowImportingTsExtensions": true,
    "skipLibCheck": true,
    "noEmit": true
  },
  "include": ["*.ts"]
}
`;

function readme(name: string): string {
  return `# ${name}

A stream job for [Millrace](https://www.npmjs.com/package/millrace).

    npm install
    npm start       # runs job.ts; the result lies in out/page-visits
    npm test        # runs job.test.ts
    npm run plan    # shows the operators of the job
    npm run deploy  # puts it on AWS, once \`npx cdk bootstrap\` is done

\`job.ts\` counts visits per page in event-time windows. Its \`countVisits\` takes a stream and returns one,
so the test gives it records of its own. \`deploy.ts\` is the CDK app: there the job reads a Kinesis stream
and writes objects to a bucket. \`npx millrace status\` looks at the deployed job; \`npx cdk destroy\` removes
it.

Node runs TypeScript by removing the types and does not check them. For that:

    npm install --save-dev typescript @types/node && npx tsc
`;
}
