/** The project that `millrace init` writes: the texts of its files by name. */
export interface ProjectOptions {
  /** Name of the package. */
  readonly name: string;
  /** What the dependency on Millrace says, a version range or a `file:` path. */
  readonly millrace: string;
  /** Version range of Node to install with the project; undefined to use the machine's. */
  readonly node: string | undefined;
}

export function projectFiles(options: ProjectOptions): Readonly<Record<string, string>> {
  return {
    'package.json': packageJson(options),
    'job.ts': JOB,
    'job.test.ts': JOB_TEST,
    'tsconfig.json': TSCONFIG,
    '.gitignore': 'node_modules\nout\n.millrace\n',
    'README.md': readme(options.name),
  };
}

function packageJson({ name, millrace, node }: ProjectOptions): string {
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
    },
    dependencies: { millrace },
    // The package brings its Node by an install script, which npm runs only for packages named here.
    ...(node === undefined ? {} : { devDependencies: { node }, allowScripts: { node: true } }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

const JOB = `import {
  type DataStream,
  defineJob,
  FileSink,
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

const PAGES = ['/', '/docs', '/pricing'];

/** One visit a second for half a minute. */
function sampleVisits(): Visit[] {
  const start = Date.UTC(2026, 0, 1);
  return Array.from({ length: 30 }, (_, i) => ({ page: PAGES[i % 4] ?? '/', time: start + i * 1000 }));
}

export default defineJob('page-visits', (env) => {
  const counts = countVisits(env.fromData(sampleVisits()));
  counts.print();
  counts.sinkTo(FileSink.ndjson('out/page-visits')).uid('page-visits');
});
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

\`job.ts\` counts visits per page in event-time windows. Its \`countVisits\` takes a stream and returns one,
so the test gives it records of its own. Put your source in place of \`env.fromData(…)\`.

Node runs TypeScript by removing the types and does not check them. For that:

    npm install --save-dev typescript @types/node && npx tsc
`;
}
