import { describe, expect, it } from 'vitest';
import { MemoryJobRecords } from '../../../lib/adapters/memory/memory-job-records.ts';
import { JobTables, type RunState } from '../../../lib/coordinator/job-tables.ts';
import { createRunPlan, subtasksOf } from '../../../lib/coordinator/run-plan.ts';
import { createExecutionGraph } from '../../../lib/graph/execution-graph.ts';
import { createJobGraph } from '../../../lib/graph/job-graph.ts';
import { graphOf, KEYED_PROCESS, sink, source } from '../graph/graph-sketch.ts';
import { createWorld, planOf, RUN } from './pipeline-fixture.ts';

describe('createRunPlan', () => {
  const graph = createExecutionGraph(
    createJobGraph(
      graphOf([
        { name: 'in', uid: 'in', spec: source(), parallelism: 2 },
        { name: 'm', parallelism: 2, from: ['in'] },
        { name: 'k', uid: 'k', spec: KEYED_PROCESS, parallelism: 3, from: [{ node: 'm', via: 'hash' }] },
        { name: 'out', uid: 'out', spec: sink(), parallelism: 1, from: [{ node: 'k', via: 'global' }] },
      ]),
    ),
  );
  const plan = createRunPlan(graph);

  it('names vertices, operators and edges of the job as plain data', () => {
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(plan.vertices.map(({ id, parallelism, source: reads }) => [id, parallelism, reads])).toEqual([
      ['in', 2, true],
      ['k', 3, false],
      ['out', 1, false],
    ]);
    expect(plan.vertices[0]?.operators).toEqual([
      { id: 'in', keyed: false },
      { id: '#1', keyed: false },
    ]);
    expect(plan.vertices[1]?.operators).toEqual([{ id: 'k', keyed: true }]);
    expect(plan.edges).toMatchObject([
      {
        sourceVertex: 'in',
        targetVertex: 'k',
        sourceOperator: '#1',
        targetOperator: 'k',
        routing: 'key-group',
      },
      { sourceVertex: 'k', targetVertex: 'out', targetOperator: 'out', routing: 'first' },
    ]);
  });

  it('lists subtasks in topological order', () => {
    const names = subtasksOf(plan, 'r').map(({ run, vertex, subtask }) => `${run} ${vertex} ${subtask}`);
    expect(names).toEqual(['r in 0', 'r in 1', 'r k 0', 'r k 1', 'r k 2', 'r out 0']);
  });
});

describe('JobTables', () => {
  it('refuses a record that no coordinator wrote', async () => {
    const records = new MemoryJobRecords();
    const tables = new JobTables(records);
    await records.create('job/j', { lineage: '1' });
    await records.create('run/j/r', { id: 'r', status: 'DREAMING' });
    await records.create('checkpoint/r/000000000001', 7);
    await expect(tables.job('j')).rejects.toMatchObject({ code: 'INVARIANT' });
    await expect(tables.runs('j')).rejects.toMatchObject({ code: 'INVARIANT' });
    await expect(tables.checkpoint('r', 1)).rejects.toMatchObject({ code: 'INVARIANT' });
  });

  it('keeps the records of a job apart from those of another whose name begins alike', async () => {
    const tables = new JobTables(createWorld().records);
    const state: Omit<RunState, 'job'> = {
      ...{ id: RUN, lineage: 1, status: 'RUNNING', plan: planOf(1, 1), code: 'c' },
      ...{ replaces: null, from: null, restoredFrom: null },
      ...{ genesisWritten: true, logsDeleted: false, changedAt: 1 },
    };
    await tables.createRun({ ...state, job: 'a' });
    await tables.createRun({ ...state, job: 'a/b' });
    await tables.createRun({ ...state, job: 'ab' });
    expect((await tables.runs('a')).map(({ value }) => value)).toEqual([{ ...state, job: 'a' }]);
  });
});
