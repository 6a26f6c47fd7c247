import { describe, expect, test } from 'vitest';
import { formatPlan, PLAN_FORMATS, PLAN_LEVELS } from '../../../lib/graph/format-plan.ts';
import type { StreamGraph } from '../../../lib/graph/stream-graph.ts';
import { graphOf, reduceWindow, sink, source } from './graph-sketch.ts';

function job(parallelism = 1): StreamGraph {
  return graphOf(
    [
      {
        name: 'flights',
        uid: 'flights',
        spec: source({ connector: 'file', description: 'a.ndjson' }),
      },
      {
        name: 'win',
        uid: 'hourly',
        spec: reduceWindow({ lateTagId: 'l' }),
        parallelism,
        from: [{ node: 'flights', via: 'hash' }],
      },
      { name: 'out', uid: 'out', spec: sink(), parallelism, from: ['win'] },
      { name: 'late', uid: 'late', spec: sink(), from: [{ node: 'win', tag: 'l' }] },
    ],
    { jobName: 'delays', maxParallelism: 10 },
  );
}

describe('as text', () => {
  test('the stream graph is a table of operators', () => {
    expect(formatPlan(job(), { level: 'stream', format: 'text' })).toMatchInlineSnapshot(`
      "Job 'delays': stream graph, 4 operators

      id  operator  kind    uid      parallelism  inputs        details
      0   flights   source  flights  1            -             file, a.ndjson, bounded, Bounded(9)
      1   win       window  hourly   1            0 HASH        Tumbling(9), EventTime(), lateOutput l, reduce
      2   out       sink    out      1            1 FORWARD     test, nowhere
      3   late      sink    late     1            1 l: FORWARD  test, nowhere"
    `);
  });

  test('the job graph is a table of vertices and one of their operators', () => {
    expect(formatPlan(job(2), { level: 'job', format: 'text' })).toMatchInlineSnapshot(`
      "Job 'delays': job graph, 3 vertices, 2 edges

      vertex   parallelism  max  inputs               chain
      flights  1            10   -                    flights
      hourly   2            10   flights HASH         win -> out
      late     1            10   hourly l: REBALANCE  late

      vertex   stage  id  operator  kind    uid      details
      flights  0      0   flights   source  flights  file, a.ndjson, bounded, Bounded(9)
      hourly   0      1   win       window  hourly   Tumbling(9), EventTime(), lateOutput l, reduce
      hourly   0      2   out       sink    out      test, nowhere
      late     0      3   late      sink    late     test, nowhere"
    `);
  });

  test('the execution graph is a table of subtasks', () => {
    expect(formatPlan(job(2), { level: 'execution', format: 'text' })).toMatchInlineSnapshot(`
      "Job 'delays': execution graph, 4 subtasks, 4 channels

      subtask        key groups  inputs
      flights (1/1)  0..9        -
      hourly (1/2)   0..4        flights[0] HASH
      hourly (2/2)   5..9        flights[0] HASH
      late (1/1)     0..9        hourly[0..1] l: REBALANCE

      vertex   parallelism  max  chain
      flights  1            10   flights
      hourly   2            10   win -> out
      late     1            10   late"
    `);
  });
});

describe('as mermaid', () => {
  test('the stream graph is a flowchart of operators', () => {
    expect(formatPlan(job(), { level: 'stream', format: 'mermaid' })).toMatchInlineSnapshot(`
      "flowchart TD
        n0["flights<br/>uid flights, parallelism 1<br/>file, a.ndjson, bounded, Bounded(9)"]
        n1["win<br/>uid hourly, parallelism 1<br/>Tumbling(9), EventTime(), lateOutput l, reduce"]
        n2["out<br/>uid out, parallelism 1<br/>test, nowhere"]
        n3["late<br/>uid late, parallelism 1<br/>test, nowhere"]
        n0 -->|"HASH"| n1
        n1 -->|"FORWARD"| n2
        n1 -->|"l: FORWARD"| n3"
    `);
  });

  test('the job graph is a flowchart of vertices', () => {
    expect(formatPlan(job(2), { level: 'job', format: 'mermaid' })).toMatchInlineSnapshot(`
      "flowchart TD
        v0["flights<br/>uid flights<br/>parallelism 1"]
        v1["win -#62; out<br/>uid hourly, out<br/>parallelism 2"]
        v2["late<br/>uid late<br/>parallelism 1"]
        v0 -->|"HASH"| v1
        v1 -->|"l: REBALANCE"| v2"
    `);
  });

  test('the execution graph is a flowchart of subtasks', () => {
    expect(formatPlan(job(2), { level: 'execution', format: 'mermaid' })).toMatchInlineSnapshot(`
      "flowchart TD
        v0_0["flights<br/>flights (1/1)<br/>key groups 0..9"]
        v1_0["win -#62; out<br/>hourly (1/2)<br/>key groups 0..4"]
        v1_1["win -#62; out<br/>hourly (2/2)<br/>key groups 5..9"]
        v2_0["late<br/>late (1/1)<br/>key groups 0..9"]
        v0_0 -->|"HASH"| v1_0
        v0_0 -->|"HASH"| v1_1
        v1_0 -->|"l: REBALANCE"| v2_0
        v1_1 -->|"l: REBALANCE"| v2_0"
    `);
  });
});

describe('as JSON', () => {
  test('the job graph is plain data', () => {
    expect(formatPlan(job(2), { level: 'job', format: 'json' })).toMatchInlineSnapshot(`
      "{
        "level": "job",
        "jobName": "delays",
        "onError": "fail",
        "vertices": [
          {
            "id": "flights",
            "name": "flights",
            "parallelism": 1,
            "maxParallelism": 10,
            "stages": [
              {
                "operators": [
                  {
                    "id": 0,
                    "kind": "source",
                    "name": "flights",
                    "uid": "flights",
                    "details": {
                      "connector": "file",
                      "source": "a.ndjson",
                      "boundedness": "bounded",
                      "watermarks": "Bounded(9)"
                    }
                  }
                ]
              }
            ],
            "chainedEdges": []
          },
          {
            "id": "hourly",
            "name": "win -> out",
            "parallelism": 2,
            "maxParallelism": 10,
            "stages": [
              {
                "operators": [
                  {
                    "id": 1,
                    "kind": "window",
                    "name": "win",
                    "uid": "hourly",
                    "details": {
                      "assigner": "Tumbling(9)",
                      "trigger": "EventTime()",
                      "lateOutput": "l",
                      "evaluation": "reduce"
                    }
                  },
                  {
                    "id": 2,
                    "kind": "sink",
                    "name": "out",
                    "uid": "out",
                    "details": {
                      "connector": "test",
                      "sink": "nowhere"
                    }
                  }
                ]
              }
            ],
            "chainedEdges": [
              {
                "sourceNodeId": 1,
                "targetNodeId": 2,
                "sideOutputId": null
              }
            ]
          },
          {
            "id": "late",
            "name": "late",
            "parallelism": 1,
            "maxParallelism": 10,
            "stages": [
              {
                "operators": [
                  {
                    "id": 3,
                    "kind": "sink",
                    "name": "late",
                    "uid": "late",
                    "details": {
                      "connector": "test",
                      "sink": "nowhere"
                    }
                  }
                ]
              }
            ],
            "chainedEdges": []
          }
        ],
        "edges": [
          {
            "id": "e0",
            "sourceVertexId": "flights",
            "sourceNodeId": 0,
            "targetVertexId": "hourly",
            "targetNodeId": 1,
            "inputIndex": 0,
            "partitioner": "hash",
            "sideOutputId": null
          },
          {
            "id": "e1",
            "sourceVertexId": "hourly",
            "sourceNodeId": 1,
            "targetVertexId": "late",
            "targetNodeId": 3,
            "inputIndex": 0,
            "partitioner": "rebalance",
            "sideOutputId": "l"
          }
        ]
      }"
    `);
  });

  test('the execution graph has the key groups and channels of each subtask', () => {
    expect(JSON.parse(formatPlan(job(2), { level: 'execution', format: 'json' }))).toMatchObject({
      level: 'execution',
      jobName: 'delays',
      vertices: [
        { id: 'flights', subtasks: [{ index: 0, keyGroups: [0, 9], inputs: [] }] },
        {
          id: 'hourly',
          maxParallelism: 10,
          subtasks: [
            {
              id: 'hourly (1/2)',
              keyGroups: [0, 4],
              inputs: [{ partitioner: 'hash', channels: [{ id: 'e0:0-0' }] }],
            },
            {
              id: 'hourly (2/2)',
              keyGroups: [5, 9],
              inputs: [{ partitioner: 'hash', channels: [{ id: 'e0:0-1' }] }],
            },
          ],
        },
        { id: 'late' },
      ],
    });
  });

  test('the stream graph has its level and the structure of the job', () => {
    expect(JSON.parse(formatPlan(job(), { level: 'stream', format: 'json' }))).toMatchObject({
      level: 'stream',
      jobName: 'delays',
      nodes: [{ kind: 'source' }, { kind: 'window' }, { kind: 'sink' }, { kind: 'sink' }],
    });
  });
});

describe('names that users chose', () => {
  const NASTY = 'a"] --> x <b> `c` |d| #35;\n{e} é漢';
  const nasty = graphOf(
    [
      { name: NASTY, uid: 'in', spec: source() },
      { name: 'out', spec: sink(), from: [NASTY] },
    ],
    { jobName: 'line\nbreak' },
  );

  test.each(PLAN_LEVELS)('are escaped in mermaid on the %s level', (level) => {
    const lines = formatPlan(nasty, { level, format: 'mermaid' }).split('\n');
    expect(lines[0]).toBe('flowchart TD');
    for (const line of lines.slice(1)) {
      expect(line).toMatch(/^ {2}(\w+\["[^"<>|`\\]*(<br\/>[^"<>|`\\]*)*"\]|\w+ -->\|"[^"|]*"\| \w+)$/);
    }
  });

  test.each(PLAN_LEVELS)('stay on their line in text on the %s level', (level) => {
    const text = formatPlan(nasty, { level, format: 'text' });
    expect(text).toContain('line break');
    expect(text).toContain('#35; {e} é漢');
  });
});

test('a plan has no trailing spaces and is the same twice', () => {
  for (const level of PLAN_LEVELS) {
    for (const format of PLAN_FORMATS) {
      const plan = formatPlan(job(2), { level, format });
      expect(plan).not.toMatch(/[ \t]$/m);
      expect(formatPlan(job(2), { level, format })).toBe(plan);
    }
  }
});

test('a graph that cannot run has no plan', () => {
  const graph = graphOf([{ name: 'in', spec: source() }]);
  expect(() => formatPlan(graph, { level: 'stream', format: 'json' })).toThrowError(
    expect.objectContaining({ code: 'JOB_WITHOUT_SINK' }),
  );
});
